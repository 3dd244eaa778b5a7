/** The one server of all tests of the API in this process; starting one costs seconds. Its last importer's tests end it. */
import { after } from 'node:test'
import { startTestServer } from './test-server.ts'

export const sharedServer = await startTestServer()

after(() => sharedServer.stop())
