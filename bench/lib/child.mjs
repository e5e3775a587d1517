/**
 * One contender of one scenario in a process of its own: `node child.mjs SCENARIO CONTENDER`. Prints its metrics as one JSON line.
 */
const [scenarioName, contenderName] = process.argv.slice(2);

/** @type {{ default: import('./types.mjs').Scenario }} */
const { default: scenario } = await import(`../scenarios/${scenarioName}.mjs`);
const contender = scenario.contenders.find(({ name }) => name === contenderName);
if (!contender || !scenario.measure)
  throw new Error(`${scenarioName} has no contender "${contenderName}" for this process`);

/** @type {{ open: import('./types.mjs').OpenBackend }} */
const { open } = await import(`../backends/${contender.backend}.mjs`);
const backend = await open(contender.options ?? {});
const metrics = await scenario.measure(backend);
// Pools take their time to close, and closing is not what is measured.
process.stdout.write(`${JSON.stringify(metrics)}\n`, () => process.exit(0));
