/** A file of traces, dropped anywhere or chosen: it is stored, and its trace opened. */
import { Link, useNavigate } from '@tanstack/react-router'
import {
  type ReactNode,
  type Ref,
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useRef,
  useState,
} from 'react'
import type { UploadResponse } from 'rustok-lens/contract'
import { uploadTraces } from '../api/upload.ts'
import { traceLink } from '../model/links.ts'
import { LARGEST_FILE, TraceFileError, traceFileBody } from '../model/trace-file.ts'
import { Icon } from './Icon.tsx'
import { Text } from './Text.tsx'
import './TraceFile.css'

export interface TraceFileHandle {
  readonly choose: () => void
}

type State =
  | { readonly is: 'idle' }
  | { readonly is: 'over' }
  | { readonly is: 'sending'; readonly name: string }
  | { readonly is: 'failed'; readonly name: string; readonly why: string }
  | { readonly is: 'stored'; readonly name: string; readonly answer: UploadResponse }

/** Links to so many; who sends more knows what to search for. */
const MOST_LINKS = 20

export function TraceFile({ ref }: { readonly ref: Ref<TraceFileHandle> }) {
  const input = useRef<HTMLInputElement>(null)
  const dialog = useRef<HTMLDialogElement>(null)
  const navigate = useNavigate()
  const [state, setState] = useState<State>({ is: 'idle' })
  useImperativeHandle(ref, () => ({ choose: () => input.current?.click() }), [])

  const open = async (file: File) => {
    const { name } = file
    setState({ is: 'sending', name })
    try {
      const answer = await store(file)
      const [first] = answer.traceIds
      if (answer.traces === 1 && answer.refused === 0 && first !== undefined) {
        setState({ is: 'idle' })
        void navigate(traceLink(first))
      } else setState({ is: 'stored', name, answer })
    } catch (error) {
      setState({ is: 'failed', name, why: error instanceof Error ? error.message : String(error) })
    }
  }
  const onDrag = useEffectEvent((event: DragEvent) => {
    if (event.dataTransfer?.types.includes('Files') !== true) return
    event.preventDefault()
    if (event.type === 'drop') {
      const [file] = event.dataTransfer.files
      if (file === undefined) setState({ is: 'idle' })
      else void open(file)
    } else if (event.type === 'dragover') {
      if (state.is === 'idle') setState({ is: 'over' })
    } else if (event.relatedTarget === null && state.is === 'over') setState({ is: 'idle' })
  })
  useEffect(() => {
    const types = ['dragover', 'dragleave', 'drop'] as const
    for (const type of types) document.addEventListener(type, onDrag)
    return () => {
      for (const type of types) document.removeEventListener(type, onDrag)
    }
  }, [])
  const told = state.is === 'idle' || state.is === 'over' ? undefined : state
  const isTold = told !== undefined
  useEffect(() => {
    if (isTold) dialog.current?.showModal()
    else dialog.current?.close()
  }, [isTold])

  return (
    <>
      <input
        ref={input}
        type="file"
        accept=".json,.jsonl,.ndjson,application/json"
        hidden
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? []
          // So that the same file can be chosen again once it is mended.
          event.currentTarget.value = ''
          if (file !== undefined) void open(file)
        }}
      />
      {state.is === 'over' && (
        <div className="trace-file-over" aria-hidden="true">
          <p>Drop a file of traces to store and open it: OTLP JSON, or what Jaeger’s UI downloads</p>
        </div>
      )}
      <dialog
        ref={dialog}
        className="trace-file"
        aria-labelledby="trace-file-title"
        onClose={() => setState((last) => (last.is === 'sending' ? last : { is: 'idle' }))}
        onCancel={(event) => {
          if (state.is === 'sending') event.preventDefault()
        }}
      >
        {told !== undefined && <Told state={told} close={() => setState({ is: 'idle' })} />}
      </dialog>
    </>
  )
}

async function store(file: File): Promise<UploadResponse> {
  if (file.size > LARGEST_FILE) {
    throw new TraceFileError(
      `It has ${Math.ceil(file.size / 1024 / 1024)} MiB, and this page takes 16. Send larger ones to OTLP’s own port: POST /v1/traces on 4318 takes 64 MiB of protobuf.`,
    )
  }
  return uploadTraces(traceFileBody(await file.text()))
}

function Told({
  state,
  close,
}: {
  readonly state: Exclude<State, { readonly is: 'idle' | 'over' }>
  readonly close: () => void
}) {
  const title: Readonly<Record<typeof state.is, ReactNode>> = {
    sending: 'Storing…',
    failed: 'This file could not be opened',
    stored: 'Stored',
  }
  return (
    <>
      <header>
        <h2 id="trace-file-title">{title[state.is]}</h2>
        {state.is !== 'sending' && (
          <button type="button" className="button quiet small icon" aria-label="Close" onClick={close}>
            <Icon name="cross" />
          </button>
        )}
      </header>
      <p className="mono truncate">
        <Text>{state.name}</Text>
      </p>
      {state.is === 'failed' && (
        <p role="alert">
          <Text whole>{state.why}</Text>
        </p>
      )}
      {state.is === 'stored' && <Stored answer={state.answer} close={close} />}
    </>
  )
}

function Stored({ answer, close }: { readonly answer: UploadResponse; readonly close: () => void }) {
  const { traces, spans, refused, message, traceIds } = answer
  return (
    <>
      <p role="status">
        {spans.toLocaleString()} {spans === 1 ? 'span' : 'spans'} of {traces.toLocaleString()}{' '}
        {traces === 1 ? 'trace' : 'traces'}
        {refused > 0 && `; ${refused.toLocaleString()} were refused: `}
        {refused > 0 && <Text whole>{message}</Text>}
      </p>
      <ul>
        {traceIds.slice(0, MOST_LINKS).map((id) => (
          <li key={id}>
            <Link {...traceLink(id)} className="mono" onClick={close}>
              {id}
            </Link>
          </li>
        ))}
      </ul>
      {traces > MOST_LINKS && <p className="muted">and {(traces - MOST_LINKS).toLocaleString()} more</p>}
    </>
  )
}
