/** What runs in the page that is measured: it asks as a user's hands do, and times the frames and the answers. Called by the visit to the trace page. */
import type { Page } from 'playwright-core'

export const frameKinds = ['scroll', 'zoom', 'find', 'flame'] as const
export type FrameKind = (typeof frameKinds)[number]

/** Runs in the page, before its scripts. */
export function watchRows(): void {
  const page = globalThis as unknown as { rowsAt: Promise<number> }
  page.rowsAt = new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('[role="treegrid"] [role="row"] [role="gridcell"]') === null) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
    }).observe(document, { childList: true, subtree: true })
  })
}

/** Milliseconds between so many frames, in which something new is asked for again and again. */
export function recordFrames(page: Page, frames: number, what: FrameKind): Promise<number[]> {
  return page.evaluate(
    async ([count, kind]) => {
      const scroller = document.querySelector<HTMLElement>('[role="treegrid"], [role="application"]')!
      const minimap = document.querySelector<HTMLElement>('[role="slider"]')!
      const press = (key: string) =>
        minimap.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
      const field = document.querySelector<HTMLInputElement>('input[aria-label="Find in the trace"]')!
      const type = (text: string) => {
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!
        set.call(field, text)
        field.dispatchEvent(new Event('input', { bubbles: true }))
      }
      const word = 'select orders'
      // In, along, and out again. A browser takes no more than 200 new addresses in ten seconds.
      const hands = ['+', '+', '+', 'ArrowRight', 'ArrowRight', '+', '+', 'ArrowRight', '-', '-', '-', '0']
      const step = (frame: number) => {
        // Two and a half screens a second at first, and then as fast as a wheel goes.
        if (kind === 'scroll') scroller.scrollTop += frame < count / 2 ? 36 : 360
        else if (kind === 'find' && frame % 8 === 0) type(word.slice(0, (frame / 8) % (word.length + 1)))
        else if ((kind === 'zoom' || kind === 'flame') && frame % 4 === 0)
          press(hands[(frame / 4) % hands.length]!)
      }
      const next = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
      const times: number[] = []
      let before = await next()
      for (let frame = 0; frame < count; frame++) {
        step(frame)
        const now = await next()
        times.push(now - before)
        before = now
      }
      if (kind === 'find') type('')
      return times
    },
    [frames, what] as const,
  )
}

/** Through the views and a filter, twice: milliseconds from each key or click to the frame after what it asked for was there. */
export function timeSteps(page: Page): Promise<Record<string, number[]>> {
  return page.evaluate(async () => {
    const key = (name: string) => () =>
      document.body.dispatchEvent(
        new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }),
      )
    const one = (selector: string) => document.querySelector<HTMLElement>(selector)
    const click = (selector: string) => () => one(selector)!.click()
    const rowCount = () => Number(one('[role="treegrid"]')?.getAttribute('aria-rowcount') ?? 0)
    const nextFrame = () =>
      new Promise<void>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve())))
    const timed: Record<string, number[]> = {}
    const step = async (name: string, act: () => void, isThere: () => boolean) => {
      await nextFrame()
      const began = performance.now()
      act()
      while (!isThere()) {
        if (performance.now() - began > 20_000) throw new Error(`nothing came of: ${name}`)
        await new Promise((resolve) => setTimeout(resolve))
      }
      await nextFrame()
      timed[name] ??= []
      timed[name].push(performance.now() - began)
    }
    const rowsChanged = () => {
      const old = rowCount()
      return () => rowCount() > 0 && rowCount() !== old
    }
    const head = (column: number) => `.span-table thead th:nth-child(${column})`
    const sorted = (column: number) => () => (one(head(column))?.ariaSort ?? 'none') !== 'none'
    const panel = (name: string) => () => one(`aside[aria-label="${name}"]`) !== null
    for (let turn = 0; turn < 2; turn++) {
      await step('open the flame', key('f'), () => one('.flame-canvas') !== null)
      await step('open the table', key('t'), () => one('.span-table tbody tr') !== null)
      await step('sort the table', click(`${head(1)} button`), sorted(1))
      await step('sort the table', click(`${head(2)} button`), sorted(2))
      await step('show one operation only', click('.span-table-name'), rowsChanged())
      await step('show all again', key('x'), rowsChanged())
      await step('expand or collapse all', key('c'), rowsChanged())
      await step('expand or collapse all', key('c'), rowsChanged())
      await step('to the next error', key('e'), panel('Span details'))
      await step('close the span', key('Escape'), panel('Overview'))
    }
    return timed
  })
}
