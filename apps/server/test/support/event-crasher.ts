/** A process that handles events and ends, without a word, while it handles number 13: for the test that starts it again and again. */
import { createHandler, onDelivery } from '../../src/events/event-handler.ts'
import { happened, openEventSystem } from './event-system.ts'

const [databaseUrl, ownerUrl] = process.argv.slice(2)

const system = await openEventSystem({
  databaseUrl,
  ownerUrl,
  handlers: [
    createHandler(
      'crasher',
      [
        onDelivery(happened, async ({ data: { n } }) => {
          if (n === 13) process.kill(process.pid, 'SIGKILL')
        }),
      ],
      { maxAttempts: 3 },
    ),
  ],
})
await system.events.settled()
process.send?.('settled')
process.on('disconnect', () => process.exit())
