/**
 * What a step of `npm run check` is and answers. A step that finds faults of its own lists them; one that runs a tool hands
 * on what the tool printed.
 */

/** A place in the sources that breaks a rule. */
export interface Fault {
  /** Relative to the root. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly rule: string
  /** What is wrong, and what to do about it. */
  readonly message: string
}

export interface StepResult {
  readonly passed: boolean
  /** Shown when the step failed. */
  readonly output: string
}

export interface Step {
  readonly name: string
  run(): Promise<StepResult>
}

export function resultOf(faults: readonly Fault[]): StepResult {
  const lines = faults.map(({ file, line, rule, message }) => `${file}:${line}  [${rule}] ${message}`)
  return { passed: faults.length === 0, output: lines.sort(byNumberedLine).join('\n') }
}

const collator = new Intl.Collator('en', { numeric: true })

function byNumberedLine(a: string, b: string): number {
  return collator.compare(a, b)
}
