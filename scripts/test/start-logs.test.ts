import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { demoFilePath, readDemoFile, removeDemoFile, writeDemoFile } from '../start/demo-file.ts'
import { LogFile } from '../start/log-file.ts'
import { readLogLine } from '../start/log-line.ts'
import { LogPrinter } from '../start/log-printer.ts'
import { plain } from '../start/paint.ts'
import { describeFailure, describeStopped } from '../start/verdict.ts'
import { writeTree } from './source-trees.ts'

describe('readLogLine', () => {
  it("reads pino's numbers and names", () => {
    assert.deepEqual(readLogLine('{"level":30,"msg":"ready"}', 'stdout'), { severity: 'info', text: 'ready' })
    assert.deepEqual(readLogLine('{"level":40,"msg":"slow"}', 'stdout'), {
      severity: 'warning',
      text: 'slow',
    })
    assert.deepEqual(readLogLine('{"level":"warn","msg":"slow"}', 'stdout'), {
      severity: 'warning',
      text: 'slow',
    })
    assert.deepEqual(readLogLine('{"level":"fatal","msg":"gone"}', 'stdout'), {
      severity: 'error',
      text: 'gone',
    })
  })

  it('adds what went wrong, once and in one line', () => {
    const line = JSON.stringify({ level: 50, msg: 'request failed', err: { message: 'no such\n  table' } })
    assert.equal(readLogLine(line, 'stdout').text, 'request failed: no such table')
    const same = JSON.stringify({ level: 50, msg: 'no table', err: { message: 'no table' } })
    assert.equal(readLogLine(same, 'stdout').text, 'no table')
  })

  it('takes what is no log record as it is', () => {
    for (const line of ['hello', '{', '{"a":1}', '[]', 'null', '{"level":30']) {
      assert.deepEqual(readLogLine(line, 'stdout'), { severity: 'info', text: line })
    }
    assert.deepEqual(readLogLine('Error: x', 'stderr'), { severity: 'error', text: 'Error: x' })
  })

  it('shows a record without a message as it is', () => {
    assert.equal(readLogLine('{"level":50}', 'stdout').text, '{"level":50}')
  })
})

describe('LogPrinter', () => {
  function makePrinter(verbose: boolean): { printer: LogPrinter; shown: string[] } {
    const shown: string[] = []
    return { printer: new LogPrinter({ paint: plain, verbose, write: (text) => shown.push(text) }), shown }
  }

  it('shows warnings and errors, with whose they are', () => {
    const { printer, shown } = makePrinter(false)
    printer.started()
    printer.print('server', '{"level":30,"msg":"fine"}', 'stdout')
    printer.print('server', '{"level":40,"msg":"slow"}', 'stdout')
    printer.print('lens', 'Error: broken', 'stderr')
    assert.deepEqual(shown, ['  server  warning  slow\n', '  lens    error    Error: broken\n'])
  })

  it('shows everything when it is verbose', () => {
    const { printer, shown } = makePrinter(true)
    for (let i = 0; i < 100; i++) printer.print('server', '{"level":30,"msg":"fine"}', 'stdout')
    assert.equal(shown.length, 100)
  })

  it('leaves the line of a service that cannot start as it is', () => {
    const { printer, shown } = makePrinter(false)
    printer.print('server', 'rustok-server: PORT: 5150 is in use', 'stderr')
    assert.deepEqual(shown, ['rustok-server: PORT: 5150 is in use\n'])
  })

  it('never floods the terminal, and says how much it left out', (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const { printer, shown } = makePrinter(false)
    const flood = (): void => {
      for (let i = 0; i < 500; i++) printer.print('server', '{"level":50,"msg":"again"}', 'stdout')
    }
    flood()
    assert.equal(shown.length, 20)
    t.mock.timers.tick(10_000)
    assert.equal(shown.at(-1), '  … and 480 lines more, in the log files\n')
    flood()
    assert.equal(shown.length, 41)
  })

  it('counts warnings and errors, also those that it does not show', () => {
    const { printer } = makePrinter(false)
    printer.print('server', '{"level":30,"msg":"fine"}', 'stdout')
    assert.equal(printer.complaints, 0)
    for (let i = 0; i < 30; i++) printer.print('server', '{"level":40,"msg":"slow"}', 'stdout')
    printer.mute()
    printer.print('server', 'Error: broken', 'stderr')
    assert.equal(printer.complaints, 31)
  })

  it('says nothing once it is muted', () => {
    const { printer, shown } = makePrinter(true)
    printer.mute()
    printer.print('server', 'x', 'stderr')
    assert.deepEqual(shown, [])
  })
})

describe('LogFile', () => {
  it('appends to what is there, for the owner alone', (t) => {
    const path = join(writeTree(t, {}), 'logs', 'a.log')
    for (const line of ['one', 'two']) {
      const log = new LogFile(path, assert.ifError)
      log.append(line)
      log.close()
    }
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('starts anew at its limit and keeps its predecessor', (t) => {
    const path = join(writeTree(t, {}), 'a.log')
    const log = new LogFile(path, assert.ifError, 10)
    for (let i = 0; i < 7; i++) log.append(`line${i}`)
    log.close()
    assert.equal(readFileSync(path, 'utf8'), 'line6\n')
    assert.equal(readFileSync(`${path}.1`, 'utf8'), 'line4\nline5\n')
  })

  it('throws when it cannot be opened', (t) => {
    const root = writeTree(t, { file: '' })
    assert.throws(() => new LogFile(join(root, 'file', 'a.log'), assert.ifError), /ENOTDIR|EEXIST/)
  })

  it('gives up with one complaint when the disk is full', () => {
    const complaints: Error[] = []
    const log = new LogFile('/dev/full', (error) => complaints.push(error))
    for (let i = 0; i < 3; i++) log.append('line')
    log.close()
    assert.equal(complaints.length, 1)
    assert.match(complaints[0]!.message, /ENOSPC/)
  })
})

describe('the demo file', () => {
  const demo = { server: 'http://a', lens: 'http://b', tenants: [] }

  it('is read back, and gone after its removal', (t) => {
    const dataDir = writeTree(t, {})
    writeDemoFile(dataDir, demo)
    assert.deepEqual(readDemoFile(dataDir), demo)
    removeDemoFile(dataDir)
    removeDemoFile(dataDir)
    assert.equal(readDemoFile(dataDir), undefined)
  })

  it('is for its owner alone, also when it replaces one that was not', (t) => {
    const dataDir = writeTree(t, { 'demo.json': '{}' })
    writeDemoFile(dataDir, demo)
    assert.equal(statSync(demoFilePath(dataDir)).mode & 0o777, 0o600)
    assert.equal(existsSync(`${demoFilePath(dataDir)}.${process.pid}`), false)
  })
})

describe('the words for an end', () => {
  const failure = {
    service: 'lens',
    exit: { code: null, signal: 'SIGKILL' },
    wasReady: true,
    saidWhy: false,
    lastLines: ['{"level":30,"msg":"one"}', 'two'],
  } as const

  it('show the last lines of a service that ended by itself', () => {
    assert.equal(
      describeFailure(failure, 'lens.log'),
      '\nLens ended (SIGKILL); the end of lens.log:\n  one\n  two\n',
    )
  })

  it('add nothing to what a service said that could not start', () => {
    assert.equal(describeFailure({ ...failure, wasReady: false, saidWhy: true }, 'lens.log'), '')
  })

  it('speak for a service that could not start and said nothing', () => {
    const silent = { ...failure, wasReady: false, exit: { code: 134, signal: null }, lastLines: [] }
    assert.equal(
      describeFailure(silent, 'lens.log'),
      '\nLens did not start (exit code 134); its log is lens.log\n',
    )
    assert.match(describeFailure({ ...silent, exit: undefined }, 'lens.log'), /Lens is not ready after 90 s/)
  })

  it('tell a kill from a bad exit', () => {
    const killed = { service: 'server', clean: false, exit: { code: null, signal: 'SIGKILL' } } as const
    assert.equal(
      describeStopped(killed, 'a.log'),
      'The server did not stop in time and was killed: see a.log',
    )
    const bad = { ...killed, exit: { code: 1, signal: null } }
    assert.equal(describeStopped(bad, 'a.log'), 'The server did not stop cleanly (exit code 1): see a.log')
  })
})
