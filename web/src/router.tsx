import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { currentToken } from './api/session.ts'
import { Shell } from './layout/shell.tsx'
import { NotFound } from './ui/not-found.tsx'
import { PageError } from './ui/page-error.tsx'
import { PageLoading } from './ui/page-loading.tsx'

const root = createRootRoute({ notFoundComponent: NotFound })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { from?: string } =>
    typeof search.from === 'string' ? { from: search.from } : {},
  component: lazyRouteComponent(() => import('./pages/sign-in-page.tsx'), 'SignInPage'),
})

/** Everything behind the sign-in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  beforeLoad: ({ location }) => {
    if (currentToken() === undefined) throw redirect({ to: '/sign-in', search: { from: location.href } })
  },
  component: Shell,
})

const page = <const P extends string>(path: P, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => inside, path, component })

const pages = [
  page(
    '/',
    lazyRouteComponent(() => import('./pages/projects-page.tsx'), 'ProjectsPage'),
  ),
  page(
    '/projects/$projectId',
    lazyRouteComponent(() => import('./pages/project/project-page.tsx'), 'ProjectPage'),
  ),
  page(
    '/projects/$projectId/services/$serviceId',
    lazyRouteComponent(() => import('./pages/services/service-page.tsx'), 'ServicePage'),
  ),
  page(
    '/projects/$projectId/jobs/$jobId',
    lazyRouteComponent(() => import('./pages/jobs/job-page.tsx'), 'JobPage'),
  ),
  page(
    '/projects/$projectId/addons/$addonId',
    lazyRouteComponent(() => import('./pages/addons/addon-page.tsx'), 'AddonPage'),
  ),
  page(
    '/projects/$projectId/pipelines/$pipelineId/$stage/flow',
    lazyRouteComponent(() => import('./pages/flow/flow-page.tsx'), 'FlowPage'),
  ),
  page(
    '/projects/$projectId/pipelines/$pipelineId',
    lazyRouteComponent(() => import('./pages/pipelines/board-page.tsx'), 'BoardPage'),
  ),
  page(
    '/projects/$projectId/pipelines/$pipelineId/$stage/runs',
    lazyRouteComponent(() => import('./pages/runs/runs-page.tsx'), 'RunsPage'),
  ),
  page(
    '/projects/$projectId/pipelines/$pipelineId/$stage/runs/$runId',
    lazyRouteComponent(() => import('./pages/runs/run-page.tsx'), 'RunPage'),
  ),
  page(
    '/projects/$projectId/secrets',
    lazyRouteComponent(() => import('./pages/secrets/secrets-page.tsx'), 'SecretsPage'),
  ),
  page(
    '/projects/$projectId/secrets/$secretId',
    lazyRouteComponent(() => import('./pages/secrets/secret-page.tsx'), 'SecretPage'),
  ),
  page(
    '/projects/$projectId/triggers',
    lazyRouteComponent(() => import('./pages/triggers/triggers-page.tsx'), 'TriggersPage'),
  ),
  page(
    '/projects/$projectId/triggers/$triggerId',
    lazyRouteComponent(() => import('./pages/triggers/trigger-page.tsx'), 'TriggerPage'),
  ),
  page(
    '/team/templates',
    lazyRouteComponent(() => import('./pages/templates/templates-page.tsx'), 'TemplatesPage'),
  ),
  page(
    '/team/templates/new',
    lazyRouteComponent(() => import('./pages/templates/new-template-page.tsx'), 'NewTemplatePage'),
  ),
  page(
    '/team/templates/$templateId',
    lazyRouteComponent(() => import('./pages/templates/template-page.tsx'), 'TemplatePage'),
  ),
  page(
    '/team/templates/$templateId/runs/$runId',
    lazyRouteComponent(() => import('./pages/templates/template-run-page.tsx'), 'TemplateRunPage'),
  ),
  page(
    '/projects/$projectId/templates',
    lazyRouteComponent(() => import('./pages/templates/templates-page.tsx'), 'TemplatesPage'),
  ),
  page(
    '/projects/$projectId/templates/new',
    lazyRouteComponent(() => import('./pages/templates/new-template-page.tsx'), 'NewTemplatePage'),
  ),
  page(
    '/projects/$projectId/templates/$templateId',
    lazyRouteComponent(() => import('./pages/templates/template-page.tsx'), 'TemplatePage'),
  ),
  page(
    '/projects/$projectId/templates/$templateId/runs/$runId',
    lazyRouteComponent(() => import('./pages/templates/template-run-page.tsx'), 'TemplateRunPage'),
  ),
  page(
    '/team/tags',
    lazyRouteComponent(() => import('./pages/team/tags-page.tsx'), 'TagsPage'),
  ),
  page(
    '/team/tokens',
    lazyRouteComponent(() => import('./pages/team/tokens-page.tsx'), 'TokensPage'),
  ),
  page(
    '/team/backup-destinations',
    lazyRouteComponent(() => import('./pages/team/backup-destinations-page.tsx'), 'BackupDestinationsPage'),
  ),
  page(
    '/team/notifications',
    lazyRouteComponent(() => import('./pages/notifications/notifications-page.tsx'), 'NotificationsPage'),
  ),
  page(
    '/team/notifications/$notificationId',
    lazyRouteComponent(() => import('./pages/notifications/notification-page.tsx'), 'NotificationPage'),
  ),
  page(
    '/team/registries',
    lazyRouteComponent(() => import('./pages/team/registries-page.tsx'), 'RegistriesPage'),
  ),
  page(
    '/team/git-accounts',
    lazyRouteComponent(() => import('./pages/team/git-accounts-page.tsx'), 'GitAccountsPage'),
  ),
  page(
    '/team/git-accounts/$accountId',
    lazyRouteComponent(() => import('./pages/team/git-account-page.tsx'), 'GitAccountPage'),
  ),
  page(
    '/projects/$projectId/volumes',
    lazyRouteComponent(() => import('./pages/volumes/volumes-page.tsx'), 'VolumesPage'),
  ),
  page(
    '/projects/$projectId/volumes/$volumeId',
    lazyRouteComponent(() => import('./pages/volumes/volume-page.tsx'), 'VolumePage'),
  ),
  page(
    '/team/domains',
    lazyRouteComponent(() => import('./pages/domains/domains-page.tsx'), 'DomainsPage'),
  ),
  page(
    '/team/domains/$domain',
    lazyRouteComponent(() => import('./pages/domains/domain-page.tsx'), 'DomainPage'),
  ),
]

export const router = createRouter({
  routeTree: root.addChildren([signIn, inside.addChildren(pages)]),
  defaultPreload: 'intent',
  defaultPendingComponent: PageLoading,
  defaultErrorComponent: PageError,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
