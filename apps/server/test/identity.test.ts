/** Parts of identity that need no server: passwords, limits on attempts, key files. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { AttemptLimit } from '../src/identity/attempt-limit.ts'
import { createKey, readKeys, rotateKeys } from '../src/identity/key-directory.ts'
import { loadKeyRing } from '../src/identity/load-key-ring.ts'
import { PasswordHasher, PasswordQueueFull } from '../src/identity/passwords.ts'

describe('passwords', () => {
  const hasher = new PasswordHasher()
  /** By the reference implementation: `echo -n 'passé composé' | argon2 somesalt0123456 -id -t 3 -k 4096 -p 2 -l 24 -e`. */
  const REFERENCE = '$argon2id$v=19$m=4096,t=3,p=2$c29tZXNhbHQwMTIzNDU2$f6NSz01XF2ffdrrqN6fQ6cRxUlRKG4WX'

  test('are recognised, and nothing else is', async () => {
    const hash = await hasher.hash('correct horse battery staple')
    assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.deepEqual(await hasher.verify('correct horse battery staple', hash), {
      matches: true,
      outdated: false,
    })
    assert.deepEqual(await hasher.verify('correct horse battery stapl', hash), {
      matches: false,
      outdated: false,
    })
    assert.notEqual(await hasher.hash('correct horse battery staple'), hash)
  })

  test('are the same however a keyboard composes their accents', async () => {
    const hash = await hasher.hash('pass\u00e9 compos\u00e9')
    assert.equal((await hasher.verify('passe\u0301 compose\u0301', hash)).matches, true)
  })

  test('are recognised in hashes of others, which are due for a new one', async () => {
    assert.deepEqual(await hasher.verify('pass\u00e9 compos\u00e9', REFERENCE), {
      matches: true,
      outdated: true,
    })
    assert.deepEqual(await hasher.verify('passe compose', REFERENCE), { matches: false, outdated: true })
  })

  test('match nothing where there is no hash, or none of ours', async () => {
    for (const hash of [
      undefined,
      '',
      'password',
      '$2b$10$abcdefghijklmnopqrstuv',
      '$argon2id$v=19$m=9999999999,t=2,p=1$c$d',
    ]) {
      assert.deepEqual(await hasher.verify('password', hash), { matches: false, outdated: false })
    }
  })

  test('wait for their turn, up to a point', async () => {
    const crowded = new PasswordHasher()
    const results = await Promise.allSettled(
      Array.from({ length: 104 }, () =>
        crowded.verify('x', '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQwMTIzNDU$AAAAAAAAAAAAAAAAAAAAAA'),
      ),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    assert.equal(refused.length, 2)
    for (const { reason } of refused) assert.ok(reason instanceof PasswordQueueFull)
    assert.deepEqual(
      await crowded.verify('x', '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQwMTIzNDU$AAAAAAAAAAAAAAAAAAAAAA'),
      {
        matches: false,
        outdated: true,
      },
    )
  })
})

describe('a limit on attempts', () => {
  test('allows the burst, then one each while', () => {
    let now = 0
    const limit = new AttemptLimit({ burst: 3, everyMs: 1_000, maxKeys: 10, now: () => now })
    assert.deepEqual(
      [1, 2, 3, 4].map(() => limit.take('a')),
      [undefined, undefined, undefined, 1_000],
    )
    assert.equal(limit.take('b'), undefined)
    now = 500
    assert.equal(limit.take('a'), 500)
    now = 1_000
    assert.deepEqual([limit.take('a'), limit.take('a')], [undefined, 1_000])
    limit.giveBack('a')
    assert.equal(limit.take('a'), undefined)
  })

  test('never allows more than burst and time give, nor keeps more keys than it may', () => {
    const step = fc.record({ wait: fc.nat(500), key: fc.constantFrom('a', 'b', 'c', 'd') })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let now = 0
        const limit = new AttemptLimit({ burst: 2, everyMs: 100, maxKeys: 4, now: () => now })
        const taken: Record<string, number> = {}
        for (const { wait, key } of steps) {
          now += wait
          if (limit.take(key) === undefined) taken[key] = (taken[key] ?? 0) + 1
          assert.ok((taken[key] ?? 0) <= 2 + now / 100)
        }
      }),
    )
    const limit = new AttemptLimit({ burst: 1, everyMs: 1_000, maxKeys: 100 })
    for (let n = 0; n < 1_000; n += 1) limit.take(String(n))
    assert.equal(limit.size, 100)
  })
})

describe('token keys', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'rustok-keys-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  test('are made once, readable for their owner alone', () => {
    const nested = path.join(directory, 'a', 'b')
    const { current } = loadKeyRing({ directory: nested })
    assert.equal(current.algorithm, 'EdDSA')
    assert.equal(loadKeyRing({ directory: nested }).current.kid, current.kid)
    assert.deepEqual(readdirSync(nested), ['19700101T000000Z.pem'])
    assert.equal(statSync(path.join(nested, '19700101T000000Z.pem')).mode & 0o777, 0o600)
    assert.notEqual(loadKeyRing({ directory }).current.kid, current.kid)
  })

  test('are rotated ahead of time, and go when no token is left of them', (t) => {
    const start = Date.UTC(2026, 10, 22, 12)
    t.mock.timers.enable({ apis: ['Date'], now: start })
    const ring = loadKeyRing({ directory })
    const first = ring.current
    const { created, removed } = rotateKeys(directory)
    assert.deepEqual(removed, [])
    ring.replace(readKeys(directory)!)
    assert.equal(ring.current.kid, first.kid, 'not before everybody knows the new one')
    assert.ok(ring.find(created.kid))
    t.mock.timers.tick(60_000)
    assert.equal(ring.current.kid, created.kid)
    assert.ok(ring.find(first.kid))
    assert.deepEqual(readdirSync(directory), ['19700101T000000Z.pem', '20261122T120100Z.pem'])

    t.mock.timers.tick(7 * 86_400_000)
    assert.deepEqual(rotateKeys(directory).removed, [])
    t.mock.timers.tick(1_000)
    const last = rotateKeys(directory)
    assert.deepEqual(last.removed, ['19700101T000000Z.pem'])
    ring.replace(readKeys(directory)!)
    assert.equal(ring.find(first.kid), undefined)
    assert.equal(ring.current.kid, created.kid)
  })

  test('are refused with the name of the file that is none', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    })
    createKey(directory, 0)
    const good = readFileSync(path.join(directory, '19700101T000000Z.pem'))
    for (const [name, content] of [
      ['20270101T000000Z.pem', ''],
      ['20270101T000000Z.pem', good.subarray(0, 60)],
      ['20270101T000000Z.pem', rsa],
      ['20270101T000000Z.pem', createPublicKey(good).export({ type: 'spki', format: 'pem' })],
      ['mine.pem', good],
      ['20271399T000000Z.pem', good],
    ] as const) {
      writeFileSync(path.join(directory, name), content)
      assert.throws(
        () => loadKeyRing({ directory }),
        (error: Error) =>
          error.message.startsWith(
            `RUSTOK_JWT_KEYS: the token keys in ${directory}: ${directory}/${name} `,
          ) && !error.message.includes('PRIVATE'),
        name,
      )
      rmSync(path.join(directory, name))
    }
    chmodSync(path.join(directory, '19700101T000000Z.pem'), 0o600)
    loadKeyRing({ directory })
  })
})
