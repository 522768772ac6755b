import { type AddonAddress, addonCredentials, withExternalHost } from '@fairway/contract/addon-credentials'
import { FairwayError } from '@fairway/contract/errors'
import * as contract from '@fairway/contract/routes/addons'
import { listAddons, listGenerations } from '../../db/addons.ts'
import { type Tx, transaction } from '../../db/db.ts'
import {
  deleteAddon,
  dropKeptGeneration,
  pauseAddon,
  restartAddon,
  resumeAddon,
} from '../../operations/addons/control.ts'
import { requireAddon } from '../../operations/addons/require.ts'
import { createAddonFrom, patchAddonFrom, putAddonFrom } from '../../operations/addons/save.ts'
import { openAddonSettings } from '../../operations/addons/settings.ts'
import { leavePipelines } from '../../operations/pipelines/leave.ts'
import { requireProject } from '../../operations/projects/require.ts'
import type { Actor } from '../auth.ts'
import type { ApiDeps } from '../deps.ts'
import { pageOf } from '../page.ts'
import { defineRoute, type Route } from '../route.ts'
import { addonViewOf } from './view.ts'

type Key = { projectId: string; addonId: string }

/** A handler that does one thing to an addon in a transaction and answers nothing. */
export const acting =
  <T extends Key & { actor: string | null }>(act: (tx: Tx, target: T) => Promise<unknown>) =>
  async ({ params, actor }: { params: Omit<T, 'actor'>; actor: Actor }, { db }: ApiDeps) => {
    await transaction(db, (tx) => act(tx, { ...params, actor: actor.id } as T))
    return {}
  }

const makersOf = async ({ sealer, addonOffers }: ApiDeps) => ({ sealer, offers: await addonOffers() })

export const addonRoutes: readonly Route[] = [
  defineRoute(contract.listAddons, async ({ params: { projectId }, page }, { db }) => {
    await requireProject(db, projectId)
    return pageOf(await listAddons(db, projectId, page), page, (addons) => ({
      addons: addons.map((addon) => addonViewOf(addon)),
    }))
  }),

  defineRoute(contract.createAddon, async ({ params: { projectId }, body, actor }, deps) => {
    await requireProject(deps.db, projectId)
    const caller = { projectId, actor: actor.id }
    const makers = await makersOf(deps)
    return addonViewOf(await transaction(deps.db, (tx) => createAddonFrom(tx, caller, body, makers)))
  }),

  defineRoute(contract.putAddon, async ({ params: { projectId }, body, actor }, deps) => {
    await requireProject(deps.db, projectId)
    const caller = { projectId, actor: actor.id }
    const makers = await makersOf(deps)
    return addonViewOf(await transaction(deps.db, (tx) => putAddonFrom(tx, caller, body, makers)))
  }),

  defineRoute(contract.getAddon, async ({ params }, { db }) =>
    addonViewOf(await requireAddon(db, params), await listGenerations(db, params)),
  ),

  defineRoute(contract.patchAddon, async ({ params, body, actor }, deps) => {
    const target = { ...params, actor: actor.id }
    const makers = await makersOf(deps)
    return addonViewOf(await transaction(deps.db, (tx) => patchAddonFrom(tx, target, body, makers)))
  }),

  defineRoute(contract.scaleAddon, async ({ params, body, actor }, deps) => {
    const target = { ...params, actor: actor.id }
    const makers = await makersOf(deps)
    await transaction(deps.db, (tx) => patchAddonFrom(tx, target, { billing: body }, makers))
    return {}
  }),

  defineRoute(
    contract.deleteAddon,
    acting(async (tx, target) => {
      await leavePipelines(tx, { projectId: target.projectId, kind: 'addon', id: target.addonId })
      await deleteAddon(tx, target)
    }),
  ),

  defineRoute(contract.getCredentials, async ({ params }, { db, sealer }) => {
    const addon = await requireAddon(db, params)
    if (addon.endpoint === null) {
      throw new FairwayError(
        'invalid_state',
        `The addon "${addon.id}" has not started yet. Ask again when it runs.`,
      )
    }
    const login = openAddonSettings(sealer, params, addon.settings)
    const address: AddonAddress = addon.endpoint
    return withExternalHost(addonCredentials(addon.type, address, login), address)
  }),

  defineRoute(contract.pauseAddon, acting(pauseAddon)),
  defineRoute(contract.resumeAddon, acting(resumeAddon)),
  defineRoute(contract.restartAddon, acting(restartAddon)),
  defineRoute(contract.dropKept, acting(dropKeptGeneration)),
]
