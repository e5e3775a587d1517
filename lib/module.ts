/**
 * For modules whose functions run in isolates: what they can say of their results, and the types of what they are given. It loads nothing else of
 * the package.
 *
 * @packageDocumentation
 */
export type { ModuleContext, ModuleFunctionSignature } from './module/module-function.js';
export type { SerialInput } from './module/serial-input.js';
export { move, type Transferred } from './module/transferred.js';
