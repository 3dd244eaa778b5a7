/** Every key, on one sheet. Opened by `?`. */
import type { Ref } from 'react'
import { Icon } from './Icon.tsx'
import './HelpSheet.css'

const SHEET = [
  {
    title: 'Everywhere',
    keys: [
      [['?'], 'This sheet'],
      [['Ctrl K'], 'Go to anything: pages, names, traces, commands'],
      [['Esc'], 'Close what is open'],
      [['r'], 'Ask again'],
      [['/'], 'Go to the field that searches'],
      [['+', '-', '0'], 'Map: larger, smaller, as wide as there is room'],
    ],
  },
  {
    title: 'Search',
    keys: [
      [['/'], 'Go to the query; Tab completes, Enter searches, Esc goes on to the results'],
      [['j', 'k'], 'Next, previous trace'],
      [['Enter'], 'Open the trace'],
      [['r'], 'Search again'],
      [['h'], 'Go to the heatmap: arrows move, with Shift select, Enter searches'],
      [['l'], 'Live, or back to what is stored'],
      [['p'], 'Live: pause, go on'],
    ],
  },
  {
    title: 'Trace',
    keys: [
      [['j', 'k'], 'Next, previous span (also ↓ ↑)'],
      [['←', '→'], 'Collapse, expand; or go to the parent, the first child'],
      [['Enter'], 'Show the span'],
      [['e', 'E'], 'Next, previous error'],
      [['s', 'S'], 'From the span with the longest self time to the next, and back'],
      [['d', 'D'], 'Along the critical path, and back'],
      [['/'], 'Find in the trace'],
      [['n', 'p'], 'Next, previous match; error while nothing is looked for'],
      [['Home', 'End'], 'First, last span'],
      [['z'], 'Zoom to the span'],
      [['+', '-'], 'Closer, wider (also Ctrl and the wheel, at the pointer)'],
      [['0'], 'Whole trace'],
      [['w', 'f', 't'], 'Waterfall, flame, table'],
      [['x'], 'All spans again, after “Only …”'],
      [['a'], 'Clocks: aligned, or as reported'],
      [['c'], 'Collapse or expand all'],
      [['Esc'], 'Close the span'],
    ],
  },
] as const

export function HelpSheet({ ref }: { readonly ref: Ref<HTMLDialogElement> }) {
  return (
    <dialog
      ref={ref}
      className="help-sheet"
      aria-labelledby="help-title"
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close()
      }}
      onKeyDown={(event) => {
        if (event.key === '?') event.currentTarget.close()
      }}
    >
      <form method="dialog">
        <header>
          <h2 id="help-title">Keyboard</h2>
          <button type="submit" className="button quiet small icon" aria-label="Close">
            <Icon name="cross" />
          </button>
        </header>
        <div className="help-columns">
          {SHEET.map(({ title, keys }) => (
            <section key={title}>
              <h3>{title}</h3>
              <dl>
                {keys.map(([names, meaning]) => (
                  <div key={meaning}>
                    <dt>
                      {names.map((name) => (
                        <kbd key={name}>{name}</kbd>
                      ))}
                    </dt>
                    <dd>{meaning}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </form>
    </dialog>
  )
}
