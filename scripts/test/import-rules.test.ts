import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { importFaults } from '../check/import-rules.ts'
import type { Fault } from '../check/step.ts'
import { treeOf } from './source-trees.ts'

const manifests = {
  'package.json': { name: 'rustok', devDependencies: { 'oxc-parser': '1' } },
  'packages/otlp/package.json': {
    name: '@rustok/otlp',
    exports: './src/index.ts',
    devDependencies: { protobufjs: '1' },
  },
  'packages/telemetry/package.json': {
    name: '@rustok/telemetry',
    exports: { '.': './src/index.ts', './register': './src/register.ts' },
    dependencies: { '@rustok/otlp': '1', '@grpc/grpc-js': '1' },
    devDependencies: { graphql: '17' },
    peerDependencies: { '@opentelemetry/api': '1' },
  },
  'apps/server/package.json': {
    name: 'rustok-server',
    dependencies: { '@rustok/telemetry': '1', fastify: '5' },
    devDependencies: { '@types/pg': '8', 'fast-check': '4' },
  },
  'apps/lens/package.json': {
    name: 'rustok-lens',
    exports: { './contract': './src/api/contract.ts' },
    dependencies: { '@rustok/otlp': '1', '@rustok/telemetry': '1' },
  },
  'apps/lens/ui/package.json': {
    name: 'rustok-lens-ui',
    devDependencies: { react: '19', 'rustok-lens': '1' },
  },
  'bench/package.json': { name: 'rustok-bench', devDependencies: { '@rustok/telemetry': '1', mitata: '1' } },
  'e2e/package.json': { name: 'rustok-e2e', devDependencies: { 'playwright-core': '1' } },
}

/** The faults of one file in a repository of the project's shape. */
function faultsOf(file: string, source: string): readonly Fault[] {
  const json = Object.entries(manifests).map(([path, manifest]) => [path, JSON.stringify(manifest)] as const)
  return importFaults(treeOf({ ...Object.fromEntries(json), [file]: source }))
}

function rulesBroken(file: string, source: string): readonly string[] {
  return faultsOf(file, source).map(({ rule }) => rule)
}

describe('the import rules', () => {
  const allowed: readonly (readonly [file: string, source: string])[] = [
    ['packages/otlp/src/index.ts', `export { encode } from './encode.ts'`],
    ['packages/otlp/test/a.test.ts', `import protobuf from 'protobufjs'; import { it } from 'node:test'`],
    ['packages/otlp/test/a.test.ts', `import { encode } from '../src/encode.ts'`],
    ['packages/telemetry/src/index.ts', `import { encode } from '@rustok/otlp'`],
    [
      'packages/telemetry/src/index.ts',
      `import { trace } from '@opentelemetry/api'; import 'node:async_hooks'`,
    ],
    ['packages/telemetry/src/instrument/graphql.ts', `import type { GraphQLSchema } from 'graphql'`],
    [
      'apps/server/src/main.ts',
      `import { initTracing } from '@rustok/telemetry'; import fastify from 'fastify'`,
    ],
    ['apps/server/src/main.ts', `import '@rustok/telemetry/register'`],
    ['apps/server/test/a.test.ts', `import type { Pool } from 'pg'; import fc from 'fast-check'`],
    ['apps/server/test/a.test.ts', `import { initTracing } from '@rustok/telemetry'`],
    ['apps/lens/src/ingest/grpc.ts', `import { decode } from '@rustok/otlp'`],
    ['apps/lens/src/main.ts', `import { initTracing } from '@rustok/telemetry'`],
    [
      'apps/lens/ui/src/app.tsx',
      `import { useState } from 'react'; import type { A } from 'rustok-lens/contract'`,
    ],
    ['apps/lens/ui/vite.config.ts', `import react from 'react'`],
    ['bench/http.ts', `import { bench } from 'mitata'; import { initTracing } from '@rustok/telemetry'`],
    [
      'e2e/test/a.test.ts',
      `import { chromium } from 'playwright-core'; import type { A } from 'rustok-lens/contract'`,
    ],
    ['scripts/check.ts', `import { parseSync } from 'oxc-parser'`],
  ]
  for (const [file, source] of allowed) {
    it(`allow ${source} in ${file}`, () => assert.deepEqual(faultsOf(file, source), []))
  }

  const forbidden: readonly (readonly [rule: string, file: string, source: string])[] = [
    ['layer', 'packages/otlp/src/index.ts', `import { trace } from '@opentelemetry/api'`],
    ['layer', 'packages/otlp/src/index.ts', `import type { Tracing } from '@rustok/telemetry'`],
    ['layer', 'packages/otlp/src/index.ts', `import protobuf from 'protobufjs'`],
    ['layer', 'packages/telemetry/src/index.ts', `import fastify from 'lodash'`],
    ['types-only', 'packages/telemetry/src/instrument/graphql.ts', `import { GraphQLError } from 'graphql'`],
    ['layer', 'packages/telemetry/src/index.ts', `import type { Query } from 'rustok-lens/contract'`],
    ['layer', 'apps/server/src/app.ts', `import { decode } from '@rustok/otlp'`],
    ['layer', 'apps/server/src/app.ts', `import type { Query } from 'rustok-lens/contract'`],
    ['layer', 'apps/server/test/a.test.ts', `await import('rustok-lens/contract')`],
    ['private-path', 'apps/server/src/app.ts', `import { a } from '../../lens/src/app.ts'`],
    ['private-path', 'apps/server/src/app.ts', `import { a } from '../../../packages/telemetry/src/span.ts'`],
    ['private-path', 'apps/server/src/app.ts', `import a from '/etc/passwd'`],
    ['test-code', 'apps/server/src/app.ts', `import { fake } from '../test/fake.ts'`],
    ['undeclared', 'apps/server/src/app.ts', `import lodash from 'lodash'`],
    ['undeclared', 'apps/server/src/app.ts', `import fc from 'fast-check'`],
    ['computed', 'apps/server/src/app.ts', `await import('./' + name)`],
    ['public-entry', 'apps/server/src/app.ts', `import { a } from '@rustok/telemetry/src/span.ts'`],
    ['layer', 'apps/lens/src/app.ts', `import { trace } from '@rustok/telemetry'`],
    ['layer', 'apps/lens/src/query/main.ts', `import { trace } from '@rustok/telemetry'`],
    ['layer', 'apps/lens/src/main.ts', `import 'rustok-server'`],
    ['types-only', 'apps/lens/ui/src/app.tsx', `import { version } from 'rustok-lens/contract'`],
    ['private-path', 'apps/lens/ui/src/app.tsx', `import type { A } from '../../src/api/contract.ts'`],
    ['private-path', 'apps/lens/src/app.ts', `import { page } from '../ui/src/page.ts'`],
    ['layer', 'apps/lens/ui/src/app.tsx', `import type { Span } from '@rustok/otlp'`],
    ['private-path', 'bench/http.ts', `import { Writer } from '../packages/otlp/src/writer.ts'`],
    ['private-path', 'e2e/test/a.test.ts', `import { start } from '../../apps/server/src/app.ts'`],
    ['private-path', 'e2e/test/a.test.ts', `import { start } from '../../scripts/start/stack.ts'`],
    ['layer', 'tools/new.ts', `import fs from 'node:fs'`],
    ['syntax', 'apps/server/src/app.ts', `import from`],
  ]
  for (const [rule, file, source] of forbidden) {
    it(`forbid ${source} in ${file}`, () => assert.deepEqual(rulesBroken(file, source), [rule]))
  }

  it('say the file, the line and what to do', () => {
    const faults = faultsOf(
      'apps/lens/src/app.ts',
      `import a from './a.ts'\n\nimport { trace } from '@rustok/telemetry'\n`,
    )
    const because = 'Lens traces itself, when told to'
    const message = `only src/main.ts may import '@rustok/telemetry' (${because}): pass in what is needed`
    assert.deepEqual(faults, [{ file: 'apps/lens/src/app.ts', line: 3, rule: 'layer', message }])
  })

  it('find every fault of a file', () => {
    const source = `import '@rustok/otlp'\nexport * from 'lodash'\nimport './fine.ts'\n`
    assert.deepEqual(rulesBroken('apps/server/src/app.ts', source), ['layer', 'undeclared'])
  })
})
