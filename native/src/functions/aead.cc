#include "functions/aead.h"

#include <cerrno>
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

// The parts of a call, if the algorithm takes such sizes.
struct Request {
  const uint8_t* iv;
  AssociatedData aad;
  uint8_t* data;
  size_t size;
  bool valid;

  Request(const padata_call& call, const AeadCipher& cipher)
      : iv(call.bytes),
        aad{call.bytes + call.part_size[0], call.part_size[1]},
        data(call.bytes + call.part_size[0] + call.part_size[1]),
        size(call.part_size[2]),
        valid(call.part_size[0] == cipher.iv_size() && cipher.algorithm().AllowsAadSize(aad.size)) {}
};

class AeadEncrypt final : public FunctionObject<AeadEncrypt> {
 public:
  explicit AeadEncrypt(std::unique_ptr<AeadCipher> cipher)
      : FunctionObject("aead encrypt", 0, kMaxAuthSize), cipher_(std::move(cipher)) {}

  int32_t Run(padata_call& call) {
    const Request request(call, *cipher_);
    if (!request.valid) return -EINVAL;
    const int32_t error = cipher_->Encrypt(call.cpu, request.iv, request.aad, request.data, request.size);
    if (error == 0) SetResult(call, request.data, request.size + cipher_->auth_size());
    return error;
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
    const int32_t error = cipher_->Decrypt(call.cpu, request.iv, request.aad, request.data, size);
    if (error == 0) SetResult(call, request.data, size);
    return error;
  }

 private:
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
