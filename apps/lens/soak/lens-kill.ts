/**
 * `npm run soak -- lens-kill`: Lens takes spans as fast as it can for ten minutes, while it and its engine are killed at random moments. Then every
 * acknowledged trace is looked for. `--minutes` scales it, and `--seed` brings the moments of another run back.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { openStore } from '../src/store/open-store.ts'
import { LensProcess } from '../test/support/lens-process.ts'
import { enginePid, isAlive, until } from '../test/support/processes.ts'
import { SeededRandom } from '../test/support/random.ts'
import { RecordingSender, spansOfTrace, wrongTraces } from '../test/support/recording-sender.ts'
import { TemporaryDirectory } from '../test/support/temporary-directory.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
})
const random = new SeededRandom(values.seed === undefined ? undefined : Number(values.seed))
const end = performance.now() + Number(values.minutes) * 60_000
const longestLife = 20_000

const say = (text: string) => process.stdout.write(`${text}\n`)
say(`seed ${random.seed}, ${values.minutes} minutes`)

await using directory = await TemporaryDirectory.create()
await using sender = new RecordingSender()
const kills = { lens: 0, engine: 0 }
let longestRecovery = 0
while (performance.now() < end) {
  await using lens = new LensProcess({ RUSTOK_DATA_DIR: directory.path })
  sender.start(await lens.ready)
  let life = random.between(0, longestLife)
  while (random.between(0, 1) < 0.5) {
    await sleep(life)
    const engine = await enginePid(lens.child.pid)
    const { size } = sender.acknowledged
    const killed = performance.now()
    process.kill(engine, 'SIGKILL')
    kills.engine++
    await until(() => !isAlive(engine) && sender.acknowledged.size > size + 16)
    longestRecovery = Math.max(longestRecovery, performance.now() - killed)
    life = random.between(0, longestLife)
  }
  await sleep(life)
  const engine = await enginePid(lens.child.pid)
  lens.child.kill('SIGKILL')
  kills.lens++
  await lens.exited
  await until(() => !isAlive(engine))
  await sender.stop()
}

const spans = (sender.acknowledged.size * spansOfTrace).toLocaleString('en')
say(`${kills.lens} times Lens was killed, ${kills.engine} times its engine`)
say(
  `${spans} spans acknowledged; after its engine was killed, at most ${Math.round(longestRecovery)} ms without`,
)
const store = await openStore(
  { dataDirectory: directory.path, clickhouseUrl: undefined },
  pino({ level: 'silent' }),
)
const wrong = await wrongTraces(store.engine, sender.acknowledged)
await store.close()
say(
  wrong.length === 0
    ? 'nothing acknowledged is lost'
    : `${wrong.length} traces are lost or double: ${wrong.slice(0, 5)}`,
)
process.exitCode = wrong.length === 0 ? 0 : 1
