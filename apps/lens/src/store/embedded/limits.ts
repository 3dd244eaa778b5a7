/**
 * How much memory the embedded engine may take. Its own defaults are gigabytes for each of a dozen caches, meant for a machine that runs
 * nothing else; Lens shares a laptop.
 */

import { availableParallelism, totalmem } from 'node:os'
import { indexOfYoungSpans } from '../schema/0006-young-parts.ts'

const MiB = 1024 * 1024

/**
 * A quarter of the machine's (or the container's) memory, between 768 MiB and 1 GiB: with the engine's own code and Lens's process, all of it stays
 * below 1.5 GiB while it takes all that two cores can send. No question of the API needs more.
 */
function engineMemory(): number {
  const constrained = process.constrainedMemory()
  const total = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.floor(Math.min(Math.max(total / 4, 768 * MiB), 1024 * MiB))
}

/** Server settings in the form of a command line; they hold for the whole engine and can only be given when it opens. */
export function engineArguments(configFile?: string): string[] {
  const memory = engineMemory()
  const settings: Record<string, number> = {
    max_server_memory_usage: memory,
    mark_cache_size: memory / 16,
    index_mark_cache_size: memory / 32,
    primary_index_cache_size: memory / 16,
    query_condition_cache_size: memory / 64,
    text_index_tokens_cache_size: memory / 64,
    text_index_header_cache_size: memory / 64,
    text_index_postings_cache_size: memory / 64,
    compiled_expression_cache_size: 16 * MiB,
    uncompressed_cache_size: 0,
    vector_similarity_index_cache_size: MiB,
    unique_key_index_cache_size_bytes: MiB,
    parquet_metadata_cache_size: MiB,
    iceberg_metadata_files_cache_size: MiB,
    background_pool_size: 2,
    background_merges_mutations_concurrency_ratio: 1,
    // No merge begins while others have as much.
    merges_mutations_memory_usage_soft_limit: memory / 4,
    background_schedule_pool_size: 2,
    max_thread_pool_size: 256,
  }
  const given = Object.entries(settings).map(([name, value]) => `--${name}=${Math.floor(value)}`)
  return configFile === undefined ? given : [`--config-file=${configFile}`, ...given]
}

/**
 * Bytes of the disk that inserts leave to merges and to what is on its way. The engine must not meet the last byte in the middle of a part: 26.7 was
 * seen to keep one whose index had been cut short, and then to fail every query that reads it.
 */
const keptFree = 256 * MiB

/** Settings of each statement, unless its request says otherwise. */
export function statementDefaults(): Readonly<Record<string, string>> {
  const memory = engineMemory()
  return {
    max_threads: String(availableParallelism()),
    // Or every statement would have one thread: the engine wants 1 GiB free for each more.
    max_threads_min_free_memory_per_thread: '0',
    max_memory_usage: String(Math.floor(memory * 0.6)),
    max_execution_time: '0',
    max_result_rows: '0',
    result_overflow_mode: 'throw',
    exact_rows_before_limit: '0',
    async_insert: '0',
    optimize_on_insert: '1',
    // As an insert under load does not: see merge-gate.ts.
    exclude_materialize_skip_indexes_on_insert: indexOfYoungSpans,
    output_format_json_quote_64bit_integers: '1',
    additional_table_filters: '{}',
    // The third time that an expression comes, constants and all, compiling it takes 14 ms, and an aggregation or an order 70; rows of an hour or a day do not
    // bring that in again.
    compile_expressions: '0',
    compile_aggregate_expressions: '0',
    compile_sort_description: '0',
    // There are none, and to look for them takes a millisecond of each statement.
    optimize_use_projections: '0',
    optimize_throw_if_noop: '0',
    min_free_disk_bytes_to_perform_insert: String(keptFree),
  }
}
