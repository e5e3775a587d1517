// AEAD as native functions.
//
// Input: part 0 the iv (iv_size() bytes), part 1 the associated data, part 2 the text. Result: in place, ciphertext and tag
// for encrypt, plaintext for decrypt.
//
// Or, behind the iv in part 0, an AeadReference: then the result goes to memory elsewhere, and the text may be there, too. The
// result is a number then, how many bytes that were. Somebody else may write to that memory meanwhile: then the result is not
// worth much, but no byte of plaintext that was not authenticated comes out. Decrypting needs part 2 for that, as long as the text.
//
// A job ends with
//   -EINVAL    a part has a size that the algorithm does not take
//   -ENOBUFS   the destination is too small
//   -EBADMSG   decrypt: the tag does not verify; no byte of plaintext is left in the memory
//   -EMSGSIZE  more than 2 GiB of text
// or with -ENOMEM or -EIO, see AeadCipher.
#ifndef PADATA_FUNCTIONS_AEAD_H_
#define PADATA_FUNCTIONS_AEAD_H_

#include <memory>

#include "functions/aead_cipher.h"
#include "padata.h"

namespace padata::functions {

/// Memory that the caller keeps until the job is done; lib/internal/input.ts writes it.
struct AeadReference {
  const uint8_t* source;  // nullptr: part 2
  uint8_t* destination;
  uint32_t size;      // of the text
  uint32_t capacity;  // of the destination
};

/// Takes over a cipher of that direction, with its key, and wipes it when the last reference is dropped. The description
/// carries one reference; NULL if there is no memory.
const padata_function* NewAeadEncrypt(std::unique_ptr<AeadCipher> cipher);
const padata_function* NewAeadDecrypt(std::unique_ptr<AeadCipher> cipher);

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_AEAD_H_
