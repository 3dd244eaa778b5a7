/**
 * Disks that are full, read-only, failing or closed to the process, provoked for real: spans wait in memory instead, that is said once with what
 * to do, and nothing is lost or blocked. Full and read-only disks are small tmpfs in a mount namespace of the child's own.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { atEnd } from '../support/delivery.ts'
import { until } from '../support/pipeline.ts'
import { segmentsIn, spoolDirectory } from '../support/spool.ts'
import { type Spooler, startSpooler } from '../support/spooler.ts'

const mib = 1024 * 1024
const quote = (text: string) => `'${text}'`

/** A wrapper that mounts a tmpfs over the directory, for the child alone. */
function tmpfs(directory: string, options: string): string[] {
  const script = `mount -t tmpfs -o ${options} tmpfs ${quote(directory)} && exec "$@"`
  return ['unshare', '-rm', 'sh', '-c', script, 'sh']
}
const limited = (limit: string) => ['sh', '-c', `ulimit ${limit} && exec "$@"`, 'sh']

/** Every span that it has emitted arrives once, be it from memory or from disk. */
async function deliversAll(spooler: Spooler, count: number): Promise<void> {
  spooler.tell({ kind: 'collector', up: true })
  const { dropped } = await spooler.when(({ exported }) => exported === count, `${count} to arrive`)
  assert.equal(new Set(spooler.received).size, count)
  assert.equal(spooler.received.length, count, 'each once')
  assert.ok(Object.values(dropped).every((spans) => spans === 0))
}

/** A kind of warning is said once, whatever the number of batches. */
async function warnsOnce(spooler: Spooler, advice: RegExp): Promise<void> {
  await until(() => advice.test(spooler.stderr), `${advice} to be said`)
  const said = spooler.stderr.split('\n').filter((line) => line.includes('cannot be spooled'))
  assert.equal(said.length, 1, spooler.stderr)
}

suite('a disk that is full', () => {
  test('takes what fits, the rest waits in memory; when there is room again, that goes there, too', async () => {
    const directory = spoolDirectory()
    const spooler = await startSpooler(directory, { wrapper: tmpfs(directory, 'size=3m') })
    spooler.tell({ kind: 'write', path: join(directory, 'filler'), bytes: mib })
    spooler.tell({ kind: 'emit', count: 40, size: 100_000 })
    const full = await spooler.when(({ spooled, queued }) => spooled > 0 && queued > 0)
    await warnsOnce(spooler, /the disk is full: free some space, or lower RUSTOK_SPOOL_MAX_BYTES/)
    spooler.tell({ kind: 'remove', path: join(directory, 'filler') })
    spooler.tell({ kind: 'emitOn', size: 10, everyMs: 200 })
    await spooler.when(({ spooled }) => spooled > full.spooled + 3, 'more to be on disk')
    spooler.tell({ kind: 'emitOff' })
    assert.match(spooler.stderr, /are spooled to .* again/)
    await deliversAll(spooler, (await spooler.ledger()).created)
  })

  test('from the first byte: everything waits in memory, and arrives', async () => {
    const directory = spoolDirectory()
    const spooler = await startSpooler(directory, { wrapper: tmpfs(directory, 'size=64k,nr_inodes=3') })
    spooler.tell({ kind: 'emit', count: 30, size: 10_000 })
    await warnsOnce(spooler, /the disk is full/)
    assert.equal((await spooler.ledger()).queued, 30)
    await deliversAll(spooler, 30)
  })

  test('for files of more than a limit (ulimit -f): the same', async () => {
    const spooler = await startSpooler(spoolDirectory(), { wrapper: limited('-f 512') })
    spooler.tell({ kind: 'emit', count: 30, size: 100_000 })
    await warnsOnce(spooler, /raise `ulimit -f`/)
    await deliversAll(spooler, 30)
  })
})

suite('a disk that is read-only', () => {
  test('from the start: everything waits in memory, and arrives', async () => {
    const directory = spoolDirectory()
    const spooler = await startSpooler(directory, { wrapper: tmpfs(directory, 'ro') })
    spooler.tell({ kind: 'emit', count: 30, size: 10_000 })
    await warnsOnce(spooler, /read-only: set RUSTOK_SPOOL_DIRECTORY to one that can be written to/)
    await deliversAll(spooler, 30)
  })

  test('in between: what was written before is delivered from there, the rest from memory', async () => {
    const directory = spoolDirectory()
    const spooler = await startSpooler(directory, {
      wrapper: tmpfs(directory, 'size=20m'),
      maxBytes: 8 * mib,
    })
    // Segments of a mebi: the last one is complete, so that no open file keeps the disk busy.
    spooler.tell({ kind: 'emit', count: 11, size: 100_000 })
    await spooler.when(({ spooled }) => spooled === 11)
    spooler.tell({ kind: 'execute', program: 'mount', args: ['-o', 'remount,ro', directory] })
    spooler.tell({ kind: 'emit', count: 10, size: 100_000 })
    await warnsOnce(spooler, /read-only/)
    await deliversAll(spooler, 21)
  })
})

suite('a disk that fails (EIO) or is slow', () => {
  const inject = (calls: string, what = 'error=EIO') => [
    'strace',
    ...['-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', '-e', `trace=${calls}`],
    ...['-e', `inject=${calls}:${what}`],
  ]

  test('when it is written to: everything waits in memory, and arrives', async () => {
    const spooler = await startSpooler(spoolDirectory(), { wrapper: inject('pwritev,pwrite64') })
    spooler.tell({ kind: 'emit', count: 10, size: 10_000 })
    await warnsOnce(spooler, /the disk fails: look at the kernel log/)
    await deliversAll(spooler, 10)
  })

  test('slower than the collector is asked again: everything arrives all the same', async () => {
    // Fills the compile cache, whose writes would be as slow.
    await (await startSpooler(spoolDirectory())).stop()
    const wrapper = inject('pwritev,pwrite64', 'delay_enter=300000')
    const spooler = await startSpooler(spoolDirectory(), { wrapper })
    spooler.tell({ kind: 'emit', count: 10, size: 10_000 })
    await spooler.when(({ spooled }) => spooled === 10)
    await deliversAll(spooler, 10)
  })

  test('when it is asked to keep what was written: said, and what can be read arrives', async () => {
    const spooler = await startSpooler(spoolDirectory(), { wrapper: inject('fsync,fdatasync') })
    spooler.tell({ kind: 'emit', count: 10, size: 10_000 })
    await warnsOnce(spooler, /the disk fails/)
    spooler.tell({ kind: 'emit', count: 10, size: 10_000 })
    await deliversAll(spooler, 20)
  })

  test('when it is read: tried again, then counted as damaged; the process lives', async () => {
    const spooler = await startSpooler(spoolDirectory())
    // From the start, the program itself could not be loaded.
    const { pid } = spooler.child
    const [program = '', ...args] = inject('pread64')
    const tracer = spawn(
      program,
      [...args, '-p', String(pid)].filter((arg) => arg !== '--seccomp-bpf'),
    )
    atEnd(() => tracer.kill())
    const traced = () => !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    await until(traced, 'strace to attach')
    spooler.tell({ kind: 'emit', count: 10, size: 10_000 })
    await spooler.when(({ spooled }) => spooled === 10)
    spooler.tell({ kind: 'collector', up: true })
    const { dropped } = await spooler.when(({ spooled }) => spooled === 0)
    assert.equal(dropped.spool_damaged, 10)
    spooler.tell({ kind: 'emit', count: 1, size: 10 })
    await spooler.when(({ exported, spooled }) => exported === 1 || spooled === 1)
  })
})

suite('a process that may not', () => {
  test('open more files: everything waits in memory, and arrives', async () => {
    const directory = spoolDirectory()
    const spooler = await startSpooler(directory, { wrapper: limited('-n 64') })
    await until(() => segmentsIn(directory).length === 0)
    spooler.tell({ kind: 'hoard' })
    spooler.tell({ kind: 'emit', count: 10, size: 1000 })
    await warnsOnce(spooler, /raise `ulimit -n`/)
    spooler.tell({ kind: 'release' })
    await deliversAll(spooler, 10)
  })

  test('open more files when it reads: what is on disk arrives once it may again', async () => {
    const spooler = await startSpooler(spoolDirectory(), { wrapper: limited('-n 64') })
    spooler.tell({ kind: 'emit', count: 10, size: 1000 })
    await spooler.when(({ spooled }) => spooled === 10)
    spooler.tell({ kind: 'hoard' })
    spooler.tell({ kind: 'collector', up: true })
    await until(() => spooler.received.length < 10)
    spooler.tell({ kind: 'release' })
    await deliversAll(spooler, 10)
  })

  test('write to the directory: everything waits in memory, and arrives', async () => {
    const directory = spoolDirectory()
    chmodSync(directory, 0o555)
    // Permissions do not bind root.
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    const spooler = await startSpooler(directory, uid)
    spooler.tell({ kind: 'emit', count: 10, size: 1000 })
    await warnsOnce(spooler, /let the user of this process write to RUSTOK_SPOOL_DIRECTORY/)
    await deliversAll(spooler, 10)
    chmodSync(directory, 0o755)
  })
})

suite('a path that is', () => {
  test('a symbolic link is refused', async () => {
    const directory = spoolDirectory()
    mkdirSync(join(directory, 'real'))
    symlinkSync(join(directory, 'real'), join(directory, 'link'))
    const spooler = await startSpooler(join(directory, 'link'))
    spooler.tell({ kind: 'emit', count: 10, size: 1000 })
    await warnsOnce(spooler, /it is a symbolic link, which is refused/)
    await deliversAll(spooler, 10)
    assert.deepEqual(segmentsIn(directory), [])
  })

  test('a file is refused, until it is a directory', async () => {
    const path = join(spoolDirectory(), 'file')
    writeFileSync(path, '')
    const spooler = await startSpooler(path)
    spooler.tell({ kind: 'emit', count: 10, size: 1000 })
    await warnsOnce(spooler, /it is not a directory/)
    rmSync(path)
    spooler.tell({ kind: 'emitOn', size: 1000, everyMs: 200 })
    await spooler.when(({ spooled }) => spooled > 10)
  })

  test('longer than the address of a socket is used all the same', async () => {
    const directory = join(spoolDirectory(), 'long'.repeat(30), 'longer'.repeat(30))
    const first = await startSpooler(directory, { owner: 'f' })
    first.tell({ kind: 'emit', count: 10, size: 1000 })
    await first.when(({ spooled }) => spooled === 10)
    const second = await startSpooler(directory, { owner: 's' })
    second.tell({ kind: 'collector', up: true })
    assert.equal((await second.stop()).recovered.found, 0, 'its owner lives')
    await first.kill()
    const third = await startSpooler(directory, { owner: 't' })
    third.tell({ kind: 'collector', up: true })
    await third.when(({ recovered }) => recovered.exported === 10)
  })
})

suite('the bound', () => {
  test('holds: the oldest spans are dropped and counted, the newest arrive', async () => {
    const directory = spoolDirectory()
    const spooler = await startSpooler(directory, { maxBytes: 2 * mib })
    for (let i = 0; i < 5; i++) {
      spooler.tell({ kind: 'emit', count: 10, size: 100_000 })
      await spooler.when(({ queued }) => queued === 0)
    }
    const { dropped, spooled } = await spooler.ledger()
    assert.ok(dropped.spool_full >= 28, `${dropped.spool_full} dropped`)
    assert.ok(spooled >= 15, `${spooled} left`)
    assert.match(spooler.stderr, /the spool is full: .* raise RUSTOK_SPOOL_MAX_BYTES/)
    spooler.tell({ kind: 'collector', up: true })
    await spooler.when(({ exported }) => exported === spooled)
    const expected = Array.from({ length: spooled }, (_, index) => `a:${dropped.spool_full + index + 1}`)
    assert.deepEqual([...spooler.received].sort(), expected.sort())
  })

  test('counts what was on the wire when its segment went by what came of it', async () => {
    const spooler = await startSpooler(spoolDirectory(), { maxBytes: mib })
    spooler.tell({ kind: 'emit', count: 8, size: 100_000 })
    await spooler.when(({ spooled }) => spooled === 8)
    spooler.answering = false
    spooler.tell({ kind: 'collector', up: true })
    await until(() => spooler.held.length > 0, 'a request')
    spooler.tell({ kind: 'collector', up: false })
    spooler.tell({ kind: 'emit', count: 20, size: 100_000 })
    await spooler.when(({ dropped }) => dropped.spool_full > 8)
    const onTheWire = spooler.held.length
    spooler.answerHeld()
    const { exported } = await spooler.when(({ exported }) => exported >= onTheWire)
    assert.equal(exported, onTheWire)
  })
})
