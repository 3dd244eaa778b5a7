/** The second lock on a tenant-bound statement: it names every table that is read, or refuses the statement. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatementNotTenantedError, statementTables } from '../../src/store/tenancy/statement-tables.ts'

for (const [statement, tables] of [
  ['SELECT 1', []],
  ['SELECT count() FROM spans', ['spans']],
  ['select x from spans as s final where a in (select b from traces)', ['spans', 'traces']],
  ['WITH t AS (SELECT * FROM spans) SELECT count() FROM t', ['spans']],
  ['WITH a AS (SELECT 1), b AS (SELECT * FROM traces) SELECT * FROM a JOIN b ON 1', ['traces']],
  ['SELECT * FROM (SELECT * FROM spans) x LEFT ANY JOIN logs USING trace_id', ['spans', 'logs']],
  ['SELECT x FROM spans ARRAY JOIN attributes AS a, events AS e', ['spans']],
  ["SELECT 'FROM secrets', `FROM x` FROM spans -- FROM y\n /* FROM z */", ['spans']],
  ["SELECT 'it''s FROM a', 'b\\' FROM b' FROM spans", ['spans']],
  ['SELECT x FROM spans WHERE y IN {ids:Array(String)} AND z IN (1, 2) AND w IN [3]', ['spans']],
  ['SELECT x FROM spans WHERE y IN other', ['spans', 'other']],
  ['SELECT number FROM numbers(10) UNION ALL SELECT v FROM traces', ['traces']],
] as const) {
  test(`finds ${tables.join(', ') || 'none'} in ${statement}`, () => {
    assert.deepEqual([...statementTables(statement)], tables)
  })
}

for (const statement of [
  'INSERT INTO spans SELECT 1',
  'DROP TABLE spans',
  'EXPLAIN SELECT * FROM spans',
  'SELECT * FROM lens.spans',
  'SELECT * FROM system.tables',
  'SELECT * FROM `system`.tables',
  'SELECT * FROM "spans"',
  "SELECT * FROM merge('lens', 'spans')",
  "SELECT * FROM spans JOIN remote('127.0.0.1', lens, spans) r ON 1",
  "SELECT * FROM file('/etc/passwd')",
  "SELECT file('/etc/passwd')",
  "SELECT dictGet('d', 'x', 1)",
  "SELECT joinGet('j', 'x', 1)",
  "SELECT 1 WHERE 1 IN url('http://evil.example')",
  'SELECT * FROM spans, traces',
  'SELECT * FROM spans AS a, traces AS b',
  'SELECT * FROM spans a, traces b',
  "SELECT * FROM spans SETTINGS additional_table_filters = {'spans': '1'}",
  "SELECT * FROM spans INTO OUTFILE 'x'",
  'SELECT * FROM {table:Identifier}',
]) {
  test(`refuses ${statement}`, () => {
    assert.throws(() => statementTables(statement), StatementNotTenantedError)
  })
}
