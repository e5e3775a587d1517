/**
 * One contender of one scenario in a process of its own: `node child.mjs SCENARIO CONTENDER SETTINGS`. Prints its metrics as one JSON
 * line.
 */
import { inOrder } from './reorder-buffer.mjs';

const [scenarioName, contenderName, settingsText] = process.argv.slice(2);

/** @type {{ default: import('./types.mjs').Scenario }} */
const { default: scenario } = await import(`../scenarios/${scenarioName}.mjs`);
const contender = scenario.contenders.find(({ name }) => name === contenderName);
if (!contender || !scenario.measure)
  throw new Error(`${scenarioName} has no contender "${contenderName}" for this process`);

/** @param {import('./types.mjs').Contender} contender @param {NonNullable<import('./types.mjs').Scenario['measure']>} measureWith */
async function measure(contender, measureWith) {
  const begin = performance.now();
  /** @type {{ open: import('./types.mjs').OpenBackend }} */
  const { open } = await import(`../backends/${contender.backend}.mjs`);
  const bare = await open(contender.options ?? {});
  const backend = bare.ordered || scenario.anyOrder ? bare : inOrder(bare);
  const context = { settings: JSON.parse(settingsText), contender, openMs: performance.now() - begin };
  return await measureWith(backend, context);
}

const metrics = await measure(contender, scenario.measure);
// Pools take their time to close, and closing is not what is measured.
process.stdout.write(`${JSON.stringify(metrics)}\n`, () => process.exit(0));
