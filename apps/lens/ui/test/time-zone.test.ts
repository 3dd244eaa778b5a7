/** Times in the reader's zone and in UTC, half an hour apart from full hours so that neither is taken for the other. */
process.env.TZ = 'Asia/Kolkata'

import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { formatTime, formatTimeOfDay, fromDateInput, toDateInput } from '../src/model/time.ts'
import { timeAxis } from '../src/model/time-axis.ts'
import { onZoneChange, setZone } from '../src/model/time-zone.ts'

/** 00:30 on the 15th in India. */
const late = Date.UTC(2026, 2, 14, 19, 0, 0)
const noon = Date.UTC(2026, 2, 14, 12, 0, 0)

afterEach(() => setZone('local'))

test('times, their days, date fields and axes follow the zone', () => {
  assert.match(formatTime(late, noon), /15.*00:30:00\.000$/)
  assert.equal(toDateInput(late), '2026-03-15T00:30:00')
  assert.equal(fromDateInput('2026-03-15T00:30:00'), late)
  const hours = () => timeAxis(late, late + 4 * 3600_000, 6, late).map(({ label }) => label)
  assert.deepEqual(hours(), ['01:00', '02:00', '03:00', '04:00'])

  setZone('utc')
  assert.equal(formatTime(late, noon), '19:00:00.000')
  assert.equal(formatTimeOfDay(late, 60_000, noon), '19:00')
  assert.equal(toDateInput(late), '2026-03-14T19:00:00')
  assert.equal(fromDateInput('2026-03-14T19:00'), late)
  assert.deepEqual(
    hours().map((label) => label.slice(-5)),
    ['19:00', '20:00', '21:00', '22:00', '23:00'],
  )
})

test('whoever shows times is told when the zone changes, once', () => {
  let told = 0
  const stop = onZoneChange(() => told++)
  setZone('utc')
  setZone('utc')
  stop()
  setZone('local')
  assert.equal(told, 1)
})
