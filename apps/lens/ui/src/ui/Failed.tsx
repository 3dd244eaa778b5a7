/** A part of a page that could not be loaded: what the server said, and a button to ask again. Where Lens does not answer, the page says so once. */
import { ApiError, isUnanswered } from '../api/client.ts'
import { Text } from './Text.tsx'
import './Failed.css'

export interface FailedProps {
  readonly title: string
  readonly error: Error
  readonly again: () => void
}

export function Failed({ title, error, again }: FailedProps) {
  if (isUnanswered(error)) return <p className="muted">Not loaded: Lens does not answer.</p>
  return (
    <div className="failed" role="alert">
      <p>
        <strong>{error instanceof ApiError ? error.title : title}.</strong> <Text whole>{error.message}</Text>
      </p>
      <button type="button" className="button small" onClick={again}>
        Try again
      </button>
    </div>
  )
}
