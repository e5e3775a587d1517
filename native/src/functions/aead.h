// AEAD as native functions.
//
// Input: part 0 the iv (iv_size() bytes), part 1 the associated data, part 2 the text. Result: in place, ciphertext and tag
// for encrypt, plaintext for decrypt. A job ends with
//   -EINVAL    a part has a size that the algorithm does not take
//   -EBADMSG   decrypt: the tag does not verify; no byte of plaintext is left in the memory
//   -EMSGSIZE  more than 2 GiB of text
// or with -ENOMEM or -EIO, see AeadCipher.
#ifndef PADATA_FUNCTIONS_AEAD_H_
#define PADATA_FUNCTIONS_AEAD_H_

#include <memory>

#include "functions/aead_cipher.h"
#include "padata.h"

namespace padata::functions {

/// Takes over a cipher of that direction, with its key, and wipes it when the last reference is dropped. The description
/// carries one reference; NULL if there is no memory.
const padata_function* NewAeadEncrypt(std::unique_ptr<AeadCipher> cipher);
const padata_function* NewAeadDecrypt(std::unique_ptr<AeadCipher> cipher);

}  // namespace padata::functions

#endif  // PADATA_FUNCTIONS_AEAD_H_
