/**
 * The condition that picks some traces' spans: by id, within the time in which the table of traces says that they lie, so that only
 * the granules of that time are read. Needs the parameter `ids`, hex digits.
 */
export const spansOfIds = `trace_id IN (${idSet()})
  AND start >= (SELECT min(first_start) FROM traces WHERE trace_id IN (${idSet()}))
  AND start <= (SELECT max(last_start) FROM traces WHERE trace_id IN (${idSet()}))`

function idSet(): string {
  return 'SELECT toFixedString(unhex(arrayJoin({ids:Array(String)})), 16)'
}
