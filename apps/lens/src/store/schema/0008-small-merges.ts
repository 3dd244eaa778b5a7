/**
 * Merges within the engine's memory. A merge of parts without an index of text gathers it in memory, some 170 bytes a span, before it writes any: the
 * hundred parts that a burst of a minute leaves took more than all of the engine's memory, again and again. docs/adr/0011-load-first.md has the figures.
 */

import type { Migration } from './migration.ts'

/** Of at most 131,072 spans each that have no index yet. Merges of merged parts join their indexes, which takes next to nothing. */
const mostParts = 12

export const smallMerges: Migration = {
  version: 8,
  name: 'small merges of spans',
  statements: (schema) =>
    schema.alterStorage('spans', `MODIFY SETTING max_parts_to_merge_at_once = ${mostParts}`),
}
