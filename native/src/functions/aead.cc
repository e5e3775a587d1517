#include "functions/aead.h"

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

#include "functions/function_object.h"

namespace padata::functions {
namespace {

void SetResult(padata_call& call, uint8_t* bytes, size_t size) {
  call.result.type = PADATA_RESULT_BYTES;
  call.result.bytes = bytes;
  call.result.size = static_cast<uint32_t>(size);
}

void SetResult(padata_call& call, size_t size) {
  call.result.type = PADATA_RESULT_NUMBER;
  call.result.number = static_cast<double>(size);
}

// The parts of a call, if the algorithm takes such sizes.
struct Request {
  const uint8_t* iv;
  AssociatedData aad;
  uint8_t* place;  // part 2
  const uint8_t* source;
  size_t size;
  uint8_t* destination = nullptr;  // nullptr: in place
  size_t capacity = 0;
  bool valid;

  Request(const padata_call& call, const AeadCipher& cipher)
      : iv(call.bytes),
        aad{call.bytes + call.part_size[0], call.part_size[1]},
        place(call.bytes + call.part_size[0] + call.part_size[1]),
        source(place),
        size(call.part_size[2]),
        valid(cipher.algorithm().AllowsAadSize(aad.size)) {
    if (call.part_size[0] == cipher.iv_size()) return;
    valid = valid && call.part_size[0] == cipher.iv_size() + sizeof(AeadReference);
    if (valid) Follow(call);
  }

 private:
  void Follow(const padata_call& call) {
    AeadReference reference;
    std::memcpy(&reference, call.bytes + call.part_size[0] - sizeof reference, sizeof reference);
    if (reference.source != nullptr) source = reference.source;
    destination = reference.destination;
    size = reference.size;
    capacity = reference.capacity;
    valid = reference.source != nullptr || call.part_size[2] == size;
  }
};

class AeadEncrypt final : public FunctionObject<AeadEncrypt> {
 public:
  explicit AeadEncrypt(std::unique_ptr<AeadCipher> cipher)
      : FunctionObject("aead encrypt", 0, kMaxAuthSize), cipher_(std::move(cipher)) {}

  int32_t Run(padata_call& call) {
    const Request request(call, *cipher_);
    if (!request.valid) return -EINVAL;
    const bool in_place = request.destination == nullptr;
    const size_t result_size = request.size + cipher_->auth_size();
    if (!in_place && request.capacity < result_size) return -ENOBUFS;
    uint8_t* const destination = in_place ? request.place : request.destination;
    const int32_t error =
        cipher_->Encrypt(call.cpu, request.iv, request.aad, request.source, request.size, destination);
    if (error != 0) return error;
    in_place ? SetResult(call, destination, result_size) : SetResult(call, result_size);
    return 0;
  }

 private:
  const std::unique_ptr<AeadCipher> cipher_;
};

class AeadDecrypt final : public FunctionObject<AeadDecrypt> {
 public:
  explicit AeadDecrypt(std::unique_ptr<AeadCipher> cipher)
      : FunctionObject("aead decrypt"), cipher_(std::move(cipher)) {}

  int32_t Run(padata_call& call) {
    const Request request(call, *cipher_);
    if (!request.valid || request.size < cipher_->auth_size()) return -EINVAL;
    const size_t size = request.size - cipher_->auth_size();
    if (request.destination != nullptr) return RunReference(call, request, size);
    const int32_t error = cipher_->Decrypt(call.cpu, request.iv, request.aad, request.place, size);
    if (error == 0) SetResult(call, request.place, size);
    return error;
  }

 private:
  // libcrypto reads the text twice, and writes plaintext before it has seen the tag: both happens where nobody else looks.
  int32_t RunReference(padata_call& call, const Request& request, size_t size) {
    if (call.part_size[2] != request.size) return -EINVAL;
    if (request.capacity < size) return -ENOBUFS;
    if (request.source != request.place) std::memcpy(request.place, request.source, request.size);
    const int32_t error = cipher_->Decrypt(call.cpu, request.iv, request.aad, request.place, size);
    if (error != 0) return error;
    std::memcpy(request.destination, request.place, size);
    SetResult(call, size);
    return 0;
  }

  const std::unique_ptr<AeadCipher> cipher_;
};

template <typename T>
const padata_function* Make(std::unique_ptr<AeadCipher> cipher) {
  auto* made = new (std::nothrow) T(std::move(cipher));
  return made == nullptr ? nullptr : made->function();
}

}  // namespace

const padata_function* NewAeadEncrypt(std::unique_ptr<AeadCipher> cipher) {
  return Make<AeadEncrypt>(std::move(cipher));
}

const padata_function* NewAeadDecrypt(std::unique_ptr<AeadCipher> cipher) {
  return Make<AeadDecrypt>(std::move(cipher));
}

}  // namespace padata::functions
