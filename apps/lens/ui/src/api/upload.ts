/** Stores the traces of a file. The body is sent as it is: what is wrong in it, the server says. */
import type { UploadResponse } from 'rustok-lens/contract'
import { postText } from './client.ts'

export function uploadTraces(body: string): Promise<UploadResponse> {
  return postText<UploadResponse>('/api/lens/traces', body)
}
