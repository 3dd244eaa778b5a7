/** The text format, judged by its reference parser. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { labelName, OpenMetricsText } from '../../src/metrics/open-metrics.ts'
import { anyCharacter } from '../support/any-character.ts'
import { readOpenMetrics } from '../support/open-metrics.ts'

const counter = { name: 'calls', type: 'counter', help: 'Calls.' } as const

suite('OpenMetrics text', () => {
  test('without a family is an exposition all the same', async () => {
    assert.deepEqual((await readOpenMetrics(new OpenMetricsText().toString())).families, [])
  })

  test('keeps any text in a label and in a help', async () => {
    const texts = ['', 'plain', '"', '\\', '\\n', '\n', 'a "b" \\ c\nd', '{}=,#', 'ü 😀', '\t\r', '# EOF']
    const strings = fc.sample(fc.string({ unit: anyCharacter }), { numRuns: 200, seed: 7 })
    const all = [...new Set([...texts, ...strings])].filter((text) => !text.includes('\r'))
    const text = new OpenMetricsText().family({ ...counter, help: 'a "b" \\ c\nd' })
    for (const [index, value] of all.entries()) text.sample('calls_total', [['text', value]], index)
    const { samples } = (await readOpenMetrics(text.toString())).family('calls')
    assert.deepEqual(
      samples.map(({ labels }) => labels.text),
      all.map((value) => value.toWellFormed()),
    )
  })

  test('replaces a lone surrogate, which UTF-8 cannot say', () => {
    const text = new OpenMetricsText().family(counter).sample('calls_total', [['text', 'a\ud800b']], 1)
    assert.match(text.toString(), /text="a\ufffdb"/)
  })

  test('writes numbers of any size', async () => {
    const text = new OpenMetricsText().family({ name: 'level', type: 'gauge', help: '' })
    const numbers = [0, 1, -1, 0.1, 1e-9, 1e21, 2 ** 53, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const [index, value] of numbers.entries()) text.sample('level', [['n', String(index)]], value)
    const { samples } = (await readOpenMetrics(text.toString())).family('level')
    assert.deepEqual(
      samples.map(({ value }) => value),
      numbers,
    )
  })

  test('has cumulative buckets, and exemplars on those that have one', async () => {
    const exemplar = { labels: [['trace_id', 'ab'.repeat(16)]], value: 0.7, at: 1_700_000_000.25 } as const
    const text = new OpenMetricsText()
      .family({ name: 'wait_seconds', type: 'histogram', unit: 'seconds', help: 'How long.' })
      .histogram('wait_seconds', [['of', 'a']], {
        bounds: [0.5, 1, 2.5],
        counts: [3, 2, 0, 1],
        sum: 9.5,
        exemplars: [undefined, exemplar, undefined, undefined],
      })
    const read = await readOpenMetrics(text.toString())
    const buckets = read.samples('wait_seconds_bucket', { of: 'a' })
    assert.deepEqual(
      buckets.map(({ labels, value }) => [labels.le, value]),
      [
        ['0.5', 3],
        ['1.0', 5],
        ['2.5', 5],
        ['+Inf', 6],
      ],
    )
    assert.deepEqual(
      buckets.map((bucket) => bucket.exemplar?.value),
      [undefined, 0.7, undefined, undefined],
    )
    assert.deepEqual([read.value('wait_seconds_count'), read.value('wait_seconds_sum')], [6, 9.5])
    assert.equal(read.family('wait_seconds').unit, 'seconds')
  })

  test('names labels by the rules of Prometheus', () => {
    assert.deepEqual(['service.name', 'a-b/c', '9lives', 'ä'].map(labelName), [
      'service_name',
      'a_b_c',
      'key_9lives',
      '_',
    ])
  })
})
