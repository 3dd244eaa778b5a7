/** A part of a page that could not be loaded: what the server said, and a button to ask again. */
import { ApiError } from '../api/client.ts'
import { Text } from './Text.tsx'
import './Failed.css'

export interface FailedProps {
  readonly title: string
  readonly error: Error
  readonly again: () => void
}

export function Failed({ title, error, again }: FailedProps) {
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
