export type { Aead, AeadOptions, AeadRequest, EspOptions, SecurityAssociation } from './pcrypt.js';
export { aead, esp } from './pcrypt.js';
