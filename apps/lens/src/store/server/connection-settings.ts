/** Settings of ClickHouse that statements to a server carry, and those to the embedded engine need not. */

import type { ClickHouseSettings } from '@clickhouse/client'
import { indexOfYoungSpans } from '../schema/0006-young-parts.ts'
import type { ServerOptions } from './server-options.ts'

export interface ConnectionSettings {
  readonly queries: ClickHouseSettings
  readonly inserts: ClickHouseSettings
}

export function connectionSettings({ cluster, quorum }: ServerOptions): ConnectionSettings {
  return {
    queries: {
      // A query may change settings and nothing else, and stops when its connection closes, which a server does for those alone.
      readonly: '2',
      cancel_http_readonly_queries_on_client_close: 1,
      // An error after the first rows has a status and a code of its own, instead of text among the rows. Results are bounded.
      wait_end_of_query: 1,
      ...(cluster === undefined ? {} : clusterQueries),
    },
    inserts: {
      insert_quorum: String(quorum === 1 ? 0 : quorum),
      // What an insert leaves to merges is the embedded engine's to say, which shares its processors with Lens.
      exclude_materialize_skip_indexes_on_insert: indexOfYoungSpans,
      ...(cluster === undefined ? {} : { ...clusterQueries, ...clusterInserts }),
    },
  }
}

const clusterQueries: ClickHouseSettings = {
  // The other side of an IN or a JOIN is asked for once and sent to all shards: right whatever it is joined by.
  distributed_product_mode: 'global',
  // Half an answer is none.
  skip_unavailable_shards: 0,
}

const clusterInserts: ClickHouseSettings = {
  // The shards have the rows when the insert returns, and each row goes to the shard that its key says.
  distributed_foreground_insert: 1,
  parallel_distributed_insert_select: '0',
}
