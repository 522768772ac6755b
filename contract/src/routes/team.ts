import { z } from 'zod'
import { route } from '../route.ts'

const tag = 'Team and tokens'

export const login = route({
  id: 'login',
  method: 'GET',
  path: '/login',
  summary: 'Check a token; answers who it belongs to',
  tag,
  permission: 'read',
  reply: z.record(z.string(), z.unknown()),
})

export const teamView = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  createdAt: z.string(),
})

export const listTeams = route({
  id: 'listTeams',
  method: 'GET',
  path: '/teams',
  summary: 'List teams: this installation is one',
  tag,
  permission: 'read',
  reply: z.object({ teams: z.array(teamView) }),
  paginated: true,
})

export const getTeam = route({
  id: 'getTeam',
  method: 'GET',
  path: '/teams/{teamId}',
  summary: 'The team',
  tag,
  permission: 'read',
  params: z.object({ teamId: z.string() }),
  reply: teamView,
})

export const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  permission: z.enum(['read', 'write', 'admin']),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
})

export const tokenBody = z.strictObject({
  name: z.string().trim().min(1).max(100),
  permission: z.enum(['read', 'write', 'admin']).default('write'),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
})

export const createToken = route({
  id: 'createToken',
  method: 'POST',
  path: '/tokens',
  summary: 'Create a token; it is shown in this answer only',
  tag,
  permission: 'admin',
  body: tokenBody,
  reply: tokenView.extend({ token: z.string() }),
})

export const listTokens = route({
  id: 'listTokens',
  method: 'GET',
  path: '/tokens',
  summary: 'List tokens, without their secret part',
  tag,
  permission: 'admin',
  reply: z.object({ tokens: z.array(tokenView) }),
  paginated: true,
})

export const deleteToken = route({
  id: 'deleteToken',
  method: 'DELETE',
  path: '/tokens/{tokenId}',
  summary: 'Revoke a token at once',
  tag,
  permission: 'admin',
  params: z.object({ tokenId: z.uuid() }),
  reply: z.object({}),
})
