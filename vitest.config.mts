import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // A process for each file: the addon keeps pinned threads, and a test may end its process on purpose.
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    // The machine of the tests may have two CPUs, and the tests are about threads: one file at a time.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The built package is what is tested: Node loads it, nothing transforms it.
    server: { deps: { external: [/\/dist\//] } },
    typecheck: {
      enabled: true,
      include: ['test/types/**/*.test-d.ts'],
      tsconfig: 'test/tsconfig.json',
    },
  },
});
