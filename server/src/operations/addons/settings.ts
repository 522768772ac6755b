import type { AddonLogin } from '@fairway/contract/addon-credentials'
import { openJson, type Sealer, sealJson } from '../../lib/seal.ts'

/** What an addon was created with. Sealed in `addon.settings`. */
export type StoredAddonSettings = AddonLogin & { version: string }

const contextOf = (addon: { projectId: string; addonId: string }): string =>
  `addon/${addon.projectId}/${addon.addonId}`

export const sealAddonSettings = (
  sealer: Sealer,
  addon: { projectId: string; addonId: string },
  settings: StoredAddonSettings,
): Buffer => sealJson(sealer, settings, contextOf(addon))

/** Opens the settings and announces the passwords to the masker. */
export function openAddonSettings(
  sealer: Sealer,
  addon: { projectId: string; addonId: string },
  sealed: Buffer,
): StoredAddonSettings {
  const settings = openJson<StoredAddonSettings>(sealer, sealed, contextOf(addon))
  sealer.announce(settings.password)
  sealer.announce(settings.adminPassword)
  return settings
}
