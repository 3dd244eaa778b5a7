/**
 * Spans that arrive fast are stored fast: their blocks are parts of few files, packed lightly, and what takes long, the index of attributes and the
 * packing, is left to the first merge. docs/adr/0011-load-first.md says why, with the figures. Nothing is copied.
 */

import type { Migration } from './migration.ts'

/** What an insert under load leaves to the first merge: half of what it would cost. */
export const indexesOfMergedSpans = 'attribute_tokens,event_tokens'
/**
 * What stands in for it until then, at a tenth of the cost: granules without a value are not read, which is most of them for all but the frequent values.
 * No other insert builds it, and merges drop it.
 */
export const indexOfYoungSpans = 'attribute_bloom'

/** Bytes in memory, of some 280,000 spans: a block's part has one file of all columns, to be brought to the disk once, not a hundred times. */
const smallestWidePart = 64 * 1024 * 1024

/** Columns whose codec is not the default of the part alone. */
const before = new Map([
  ['start', 'Delta, '],
  ['duration', 'T64, '],
])
const packed =
  `tenant trace_id parent_span_id start duration user service name kind status status_message trace_state flags resource scope attributes
  dropped_attributes events dropped_events links dropped_links received`.split(/\s+/)

export const youngParts: Migration = {
  version: 6,
  name: 'young parts of spans',
  statements: (schema) => {
    const alter = (action: string) => schema.alterStorage('spans', action)
    return [
      ...alter(
        `ADD INDEX IF NOT EXISTS ${indexOfYoungSpans} attributes TYPE bloom_filter(0.01) GRANULARITY 1`,
      ),
      ...alter(`MODIFY SETTING exclude_materialize_skip_indexes_on_merge = '${indexOfYoungSpans}',
        min_bytes_for_wide_part = ${smallestWidePart}, merge_with_recompression_ttl_timeout = 60`),
      // An insert packs with LZ4, as is the engine's default, a merge with what the TTL says. It also has a part merged that would stay alone.
      ...alter(
        packed.map((name) => `MODIFY COLUMN ${name} CODEC(${before.get(name) ?? ''}Default)`).join(', '),
      ),
      // Parts that are there are left alone: told of it, the engine would pack each of them anew. Merged with others, they are as those.
      ...alter('MODIFY TTL received RECOMPRESS CODEC(ZSTD(1)) SETTINGS materialize_ttl_after_modify = 0'),
    ]
  },
}
