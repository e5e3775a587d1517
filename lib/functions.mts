export { crc32, echo, noop, spin } from './functions.js';
