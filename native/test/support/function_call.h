// Calls a native function as padata does, without the core: for tests of what src/functions/ holds.
// SPDX-License-Identifier: MIT
#ifndef PADATA_TEST_SUPPORT_FUNCTION_CALL_H_
#define PADATA_TEST_SUPPORT_FUNCTION_CALL_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "padata.h"

namespace padata::test {

using Bytes = std::vector<uint8_t>;

inline Bytes FromHex(const std::string& hex) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

inline Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

struct Outcome {
  int32_t status = 0;
  uint32_t type = PADATA_RESULT_NONE;
  Bytes bytes;
  double number = 0;
  Bytes memory;  // all of the call's room, as the function left it
};

// The room is exactly as large as the function asked for, and on the heap: AddressSanitizer sees every step outside.
inline Outcome Call(const padata_function* function, const std::vector<Bytes>& parts, int32_t cpu = 0) {
  Bytes memory(function->headroom, 0xEE);
  padata_call call{};
  call.struct_size = sizeof(call);
  for (size_t i = 0; i < parts.size(); ++i) {
    memory.insert(memory.end(), parts[i].begin(), parts[i].end());
    call.part_size[i] = parts[i].size();
    call.size += parts[i].size();
  }
  memory.resize(memory.size() + function->tailroom, 0xEE);
  memory.shrink_to_fit();
  call.bytes = memory.data() + function->headroom;
  call.headroom = function->headroom;
  call.tailroom = function->tailroom;
  call.cpu = cpu;

  Outcome outcome;
  outcome.status = function->job(&call, function->ctx);
  outcome.type = call.result.type;
  outcome.number = call.result.number;
  if (call.result.type == PADATA_RESULT_BYTES) {
    const uint8_t* end = memory.data() + memory.size();
    if (call.result.bytes < memory.data() || call.result.bytes + call.result.size > end) {
      throw std::logic_error("the result lies outside of the call's room");
    }
    outcome.bytes.assign(call.result.bytes, call.result.bytes + call.result.size);
  }
  outcome.memory = memory;
  return outcome;
}

// Drops its reference at the end of the scope.
class FunctionReference {
 public:
  explicit FunctionReference(const padata_function* function) : function_(function) {}
  ~FunctionReference() {
    if (function_ != nullptr && function_->release != nullptr) function_->release(function_->ctx);
  }
  FunctionReference(const FunctionReference&) = delete;
  FunctionReference& operator=(const FunctionReference&) = delete;
  const padata_function* get() const { return function_; }
  const padata_function* operator->() const { return function_; }

 private:
  const padata_function* function_;
};

}  // namespace padata::test

#endif  // PADATA_TEST_SUPPORT_FUNCTION_CALL_H_
