import * as contract from '@fairway/contract/routes/team'
import { pageOfAll } from '../page.ts'
import { defineRoute } from '../route.ts'
import { TEAM_ID } from './team.ts'

const TEAM = { id: TEAM_ID, name: 'Default', description: '', createdAt: '1970-01-01T00:00:00.000Z' }

export const teamRoutes = [
  defineRoute(contract.login, async ({ actor }) => ({
    id: actor.id,
    permission: actor.permission,
    expiresAt: actor.expiresAt?.toISOString() ?? null,
    team: TEAM,
  })),
  defineRoute(contract.listTeams, async ({ page }) => pageOfAll([TEAM], page, (teams) => ({ teams }))),
  defineRoute(contract.getTeam, async () => TEAM),
]
