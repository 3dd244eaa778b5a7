/** Regular expressions of queries: RE2's, which run in linear time, here as in the store. */

import { RE2JS, RE2JSException } from 're2js'

/** A program of RE2 grows with its repetitions, not with the text it reads. */
const longest = 512

/** A string says what is wrong. As in the store, `.` matches line breaks too. */
export function compileRegularExpression(pattern: string): RE2JS | string {
  if (pattern.length > longest) return `longer than ${longest} characters`
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL)
  } catch (error) {
    if (error instanceof RE2JSException) return error.message.replace(/^error parsing regexp: /, '')
    throw error
  }
}
