/**
 * For modules whose functions run in isolates: what they can say of their results, and the types of what they are given. It loads nothing else of
 * the package.
 *
 * @packageDocumentation
 */
export {
  type ModuleContext,
  type ModuleFunctionSignature,
  move,
  type SerialInput,
  type Transferred,
} from './module.js';
