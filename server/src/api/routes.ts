import { eventRoutes } from './events/routes.ts'
import type { Route } from './route.ts'
import { secretRoutes } from './secrets/routes.ts'
import { teamRoutes } from './teams/routes.ts'
import { tokenRoutes } from './tokens/routes.ts'

/** Every route of the API. A new noun adds its array here. */
export const routes: readonly Route[] = [...teamRoutes, ...tokenRoutes, ...secretRoutes, ...eventRoutes]
