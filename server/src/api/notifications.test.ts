import { ApiClient, ApiClientInMemoryContextProvider } from '@northflank/js-client'
import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { type TestApi, withTestApi } from './test-api.ts'

const PATH = '/v1/integrations/notifications'
const hook = {
  name: 'Team hook',
  type: 'RAW_WEBHOOK',
  webhook: 'https://hooks.example.com/fairway?key=planted-key',
  secret: 'planted-token',
  events: { 'trigger:build:success': true, 'trigger:build:failure': true, 'trigger:build:start': false },
}
const slack = {
  name: 'Chat',
  type: 'SLACK',
  webhook: 'https://hooks.slack.example.com/services/planted/path',
  events: { 'trigger:release-flow-template-run:failure': true },
}

async function everywhere(api: TestApi): Promise<string> {
  const answers = await Promise.all([api.call('GET', PATH), api.call('GET', `${PATH}/chat/deliveries`)])
  const { rows } =
    await sql`select row_to_json(notification_integration) from notification_integration`.execute(api.db)
  const { rows: events } = await sql`select * from event`.execute(api.db)
  return JSON.stringify([answers.map(({ body }) => body), rows, events])
}

describe('notification integrations', () => {
  test('are saved with what they ask for, and their address and secret are never shown', () =>
    withTestApi(async (api) => {
      expect(await api.ok('POST', PATH, hook)).toMatchObject({
        id: 'team-hook',
        type: 'RAW_WEBHOOK',
        webhook: 'https://hooks.example.com/fairway?…',
        hasSecret: true,
        restricted: false,
        events: {
          'trigger:build:success': true,
          'trigger:build:start': false,
          'trigger:job-run:start': false,
        },
        status: { disabled: false, numberOfFailedRequests: 0 },
      })
      expect(await api.ok('POST', PATH, slack)).toMatchObject({
        webhook: 'https://hooks.slack.example.com/…',
        hasSecret: false,
      })
      expect(await api.ok('GET', PATH)).toMatchObject({ integrations: [{ id: 'chat' }, { id: 'team-hook' }] })
      expect(await everywhere(api)).not.toMatch(/planted/)
    }))

  test('change in what is named, and keep the rest', () =>
    withTestApi(async (api) => {
      await api.ok('POST', PATH, hook)
      const changed = await api.ok('POST', `${PATH}/team-hook`, {
        restricted: true,
        projects: ['shop'],
        events: { 'trigger:build:success': false, 'trigger:job-run:failure': true },
      })
      expect(changed).toMatchObject({
        webhook: 'https://hooks.example.com/fairway?…',
        hasSecret: true,
        restricted: true,
        projects: ['shop'],
        events: {
          'trigger:build:success': false,
          'trigger:build:failure': true,
          'trigger:job-run:failure': true,
        },
      })
    }))

  test('send a message that only says that it works, and show it', () =>
    withTestApi(async (api) => {
      await api.ok('POST', PATH, slack)
      const sent = await api.ok('POST', `${PATH}/chat/test`)
      expect(sent).toMatchObject({ event: 'test', status: 'pending', attempts: 0 })
      expect(await api.ok('GET', `${PATH}/chat/deliveries`)).toMatchObject({
        deliveries: [{ event: 'test' }],
      })
      const { id } = sent as { id: string }
      expect(await api.call('POST', `${PATH}/chat/deliveries/${id}/resend`)).toMatchObject({ status: 409 })
      await api.ok('DELETE', `${PATH}/chat`)
      expect(await api.call('GET', `${PATH}/chat/deliveries`)).toMatchObject({ status: 404 })
    }))

  test.each([
    ['an address that is none', { ...hook, webhook: 'hooks' }, 400],
    ['a file', { ...hook, webhook: 'file:///etc/passwd' }, 400],
    ['an event that nobody knows', { ...hook, events: { 'trigger:weather': true } }, 400],
    ['a secret for a chat', { ...slack, secret: 'x' }, 400],
  ])('are refused with %s', (_what, body, status) =>
    withTestApi(async (api) => {
      expect(await api.call('POST', PATH, body)).toMatchObject({ status })
    }),
  )

  test('of one name there is one', () =>
    withTestApi(async (api) => {
      await api.ok('POST', PATH, hook)
      expect(await api.call('POST', PATH, hook)).toMatchObject({ status: 409 })
    }))

  test('are managed by the official client', () =>
    withTestApi(async ({ url, tokens }) => {
      const context = new ApiClientInMemoryContextProvider()
      await context.addContext({ name: 'test', token: tokens.admin, host: url })
      const client = new ApiClient(context, { throwErrorOnHttpErrorCode: true })
      const { data } = await client.create.notification({
        parameters: { notificationId: 'unused' },
        data: hook as never,
      })
      const parameters = { notificationId: data.id }
      expect((await client.get.notification({ parameters })).data).toMatchObject({ name: 'Team hook' })
      await client.update.notification({ parameters, data: { name: 'Other' } })
      const { integrations } = (await client.list.notifications({})).data as never as {
        integrations: { name: string }[]
      }
      expect(integrations.map(({ name }) => name)).toEqual(['Other'])
      await client.delete.notification({ parameters })
    }))
})
