import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planPackage } from '../bundle/install-plan.ts'
import { YARN_4_LOCK } from '../bundle/test-lock-files.ts'
import { type BuildCommand, buildCommandArgs, passableArguments } from './build-command.ts'
import { failureSentence, followBuildOutput } from './build-output.ts'
import { nodeDockerfile, staticDockerfile } from './generated-dockerfile.ts'
import { hideArguments } from './hide-arguments.ts'
import { hideValues } from './hide-values.ts'
import {
  component,
  localNamespace,
  localTag,
  planCollection,
  registryRepository,
  registryTag,
} from './image-names.ts'
import { builderImage, packArgs, packProcesses } from './pack-build.ts'
import { startScript } from './start-script.ts'
import { limitWrites } from './step-limits.ts'

describe('the command line of a build', () => {
  const command: BuildCommand = {
    configFolder: '/w/config',
    socket: '/run/docker.sock',
    dockerfile: '/c/Dockerfile',
    context: '/c',
    useCache: true,
    argumentNames: ['A', 'B'],
    secretFiles: { npmrc: '/w/secret-0' },
    labels: { 'fairway.build.commit': 'abc' },
    tag: 'fairway/x/building:1',
  }

  it('names arguments and secret files, and never holds a value', () => {
    expect(buildCommandArgs({ ...command, target: 'app', useCache: false })).toEqual([
      ...['--config', '/w/config', '--host', 'unix:///run/docker.sock'],
      ...['build', '--progress', 'plain', '--file', '/c/Dockerfile', '--tag', 'fairway/x/building:1'],
      ...['--target', 'app', '--no-cache', '--build-arg', 'A', '--build-arg', 'B'],
      ...['--secret', 'id=npmrc,src=/w/secret-0', '--label', 'fairway.build.commit=abc', '--', '/c'],
    ])
  })

  it('passes on what people call their arguments, and nothing that steers a program', () => {
    const bad = [
      'LD_PRELOAD',
      'PATH',
      'HOME',
      'DOCKER_CONFIG',
      'BUILDX_CONFIG',
      'GODEBUG',
      'GIT_SSH_COMMAND',
      'a-b',
      '1A',
      '',
    ]
    const good = [
      'NODE_ENV',
      'GIT_SHA',
      'NF_GIT_SHA',
      'BUILDKIT_INLINE_CACHE',
      'HTTP_PROXY',
      'GOPROXY',
      'npm_token',
    ]
    const all = Object.fromEntries([...bad, ...good].map((name) => [name, 'x']))
    const { passed, leftOut } = passableArguments(all)
    expect(Object.keys(passed).sort()).toEqual([...good].sort())
    expect(leftOut.sort()).toEqual([...bad].sort())
  })
})

describe('the output of a build', () => {
  const follow = (text: string) => {
    const output = followBuildOutput()
    const shown = text.split('\n').flatMap((line) => output.take(line) ?? [])
    return { shown, failure: output.failure() }
  }

  it('tells the failing step and its last lines, not those of a step beside it', () => {
    const { failure, shown } = follow(
      [
        '#5 [a 2/2] RUN one',
        '#5 sha256:6f25feb8426b0cda44124eda839e7303ab0aa7572bcb76568ca13c6ee796df72',
        '#6 [b 2/3] RUN two',
        '#5 0.1 from one',
        '#6 0.2 from two',
        '#5 CANCELED',
        '#5 ERROR: context canceled',
        '#6 ERROR: executor failed running [/bin/sh -c two]: exit code: 3',
        'failed to solve: …',
      ].join('\n'),
    )
    expect(shown.join('\n')).not.toContain('sha256')
    expect(failureSentence(failure)).toBe(
      'The step "[b 2/3] RUN two" failed: executor failed running [/bin/sh -c two]: exit code: 3. Its last lines:\nfrom two',
    )
  })

  it('tells the last line when no step failed', () => {
    const { failure } = follow('ERROR: failed to solve: target stage b could not be found')
    expect(failureSentence(failure)).toBe('The build failed: target stage b could not be found.')
  })

  it('shows arguments by their names in steps, and secret mounts nowhere', () => {
    const hide = hideValues({
      arguments: { TOKEN: 'long-value', SHORT: 'ab' },
      secrets: { s: 'first line\nsecond' },
    })
    expect(hide('#5 [2/3] RUN login long-value ab')).toBe('#5 [2/3] RUN login $TOKEN ab')
    expect(hide('#5 0.1 long-value is what the program says')).toContain('long-value')
    expect(hide('#5 0.1 first line and second')).toBe('#5 0.1 *** and ***')
  })
})

describe('the history of an image', () => {
  it('loses the values of arguments and nothing else', () => {
    const history = [
      { created_by: 'RUN |2 A=x one AB=x one two /bin/sh -c make A=1 # buildkit' },
      { created_by: 'CMD' },
      {},
    ]
    expect(hideArguments(history, { A: 'x one', AB: 'x one two' })).toEqual([
      { created_by: 'RUN |2 A=*** AB=*** /bin/sh -c make A=1 # buildkit' },
      { created_by: 'CMD' },
      {},
    ])
    expect(hideArguments(history, { C: 'x one', A: 'other' })).toBeUndefined()
  })
})

describe('generated Dockerfiles', () => {
  const ground = { baseImage: 'node:20-slim', cacheId: 'cache', argumentNames: ['A'] }
  const facts = {
    dependencies: true,
    devDependencies: true,
    build: true,
    start: undefined,
    packageManager: undefined,
  }

  it('install, build and prune, and know arguments in the first stage only', () => {
    const text = nodeDockerfile(
      { facts, locks: { 'package-lock.json': '{}' }, processes: { web: 'node a.js' } },
      ground,
    )
    const [first = '', last = ''] = text.split('\n\n')
    expect(first.match(/npm (?:ci|run build|prune)/g)).toEqual(['npm ci', 'npm run build', 'npm prune'])
    expect(first).toContain('ARG A')
    expect(last).not.toContain('ARG')
    expect(last).toMatch(/USER 1000:1000\nENTRYPOINT \["\/fairway\/start"\]\n$/)
  })

  it('give each step of the plan to the shell word for word', () => {
    const locks = { 'yarn.lock': YARN_4_LOCK }
    const text = nodeDockerfile({ facts, locks, processes: { web: 'node a.js' } }, ground)
    const commands = text.split('\n').flatMap((line) => /^RUN --mount=\S+ (npm .*)$/.exec(line)?.[1] ?? [])
    const said = commands.map((command) =>
      execFileSync('/bin/sh', ['-c', `npm() { printf '%s\\n' "$@"; }; ${command}`], { encoding: 'utf8' }),
    )
    const { steps } = planPackage(facts, locks, { home: '/tmp', cache: '/tmp/npm-cache' })
    expect(said).toEqual(steps.map(({ args }) => `${args.join('\n')}\n`))
  })

  it('cannot be broken out of by what a Procfile holds', () => {
    const processes = { web: `node a.js '"\\' && echo $(id) \`id\`` }
    const text = nodeDockerfile({ facts: undefined, locks: {}, processes }, ground)
    expect(text).not.toContain('echo')
    expect(staticDockerfile(ground)).toMatch(/^FROM node:20-slim\n/)
  })

  it('start each process as its line says, whatever the line holds', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]{1,40}$/), (word) => {
        const line = `printf %s '${word.replaceAll("'", `'\\''`)}'`
        const script = startScript({ web: 'exit 9', job: line })
        const output = execFileSync('/bin/sh', ['-c', script, 'start'], {
          env: { FAIRWAY_PROCESS: 'job' },
          encoding: 'utf8',
        })
        expect(output).toBe(word)
      }),
      { numRuns: 30 },
    )
  })
})

describe('names of images', () => {
  const built = {
    owner: { projectId: 'shop', ownerId: 'web' },
    sha: 'a'.repeat(40),
    imageId: `sha256:${'b'.repeat(64)}`,
  }

  it('say whose image it is, and never move to another', () => {
    expect(localTag('Home', built)).toBe('fairway/home/shop/web:aaaaaaaaaaaa-bbbbbbbbbbbb')
    expect(registryRepository({ host: 'r.example.com', prefix: '/team/' }, 'Home')).toBe(
      'r.example.com/team/home',
    )
    expect(registryTag(built)).toBe('shop.web.aaaaaaaaaaaa-bbbbbbbbbbbb')
  })

  it('are what registries allow, whatever ids there are', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), (text) => {
        expect(component(text)).toMatch(/^[a-z0-9]+(-+[a-z0-9]+)*$/)
        const owner = { projectId: text, ownerId: text }
        expect(registryTag({ ...built, owner })).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/)
      }),
    )
  })

  it('decide what is collected: only ours, unused, unfinished and not kept by id or by manifest', () => {
    const namespace = localNamespace('home')
    const image = (id: string, ...tags: string[]) => ({ id, tags, repositoryDigests: [`r/x@sha256:m-${id}`] })
    const images = [
      image('gone', `${namespace}p/o:1`),
      image('used', `${namespace}p/o:2`),
      image('kept', `${namespace}p/o:3`),
      image('pushed', `${namespace}p/o:4`, 'r/x:4'),
      image('making', `${namespace}building:5`),
      image('others', 'fairway/homestead/p/o:6', 'node:20-slim'),
      image('untagged'),
    ]
    const plan = planCollection(images, {
      namespace,
      keep: new Set(['kept', 'sha256:m-pushed']),
      used: new Set(['used']),
      making: new Set([`${namespace}building:5`]),
    })
    expect(plan.map(({ id }) => id)).toEqual(['gone'])
  })
})

describe('limits of steps', () => {
  const limits = { cpuMillis: 1500, memoryMb: 2 }

  it('are written to the groups of either version', () => {
    const v1 = '4:memory:/docker/buildkit/x\n2:cpu,cpuacct:/docker/buildkit/x\n0::/docker/buildkit/x\n'
    expect(limitWrites(v1, limits).map(({ file, value }) => [file, value])).toEqual([
      ['/sys/fs/cgroup/memory/docker/buildkit/x/memory.limit_in_bytes', '2097152'],
      ['/sys/fs/cgroup/memory/docker/buildkit/x/memory.memsw.limit_in_bytes', '2097152'],
      ['/sys/fs/cgroup/cpu/docker/buildkit/x/cpu.cfs_period_us', '100000'],
      ['/sys/fs/cgroup/cpu/docker/buildkit/x/cpu.cfs_quota_us', '150000'],
    ])
    const v2 = '0::/system.slice/docker/buildkit/x\n'
    expect(limitWrites(v2, limits).map(({ file, value }) => [file, value])).toEqual([
      ['/sys/fs/cgroup/system.slice/docker/buildkit/x/memory.max', '2097152'],
      ['/sys/fs/cgroup/system.slice/docker/buildkit/x/memory.swap.max', '0'],
      ['/sys/fs/cgroup/system.slice/docker/buildkit/x/cpu.max', '150000 100000'],
    ])
  })

  it('are written to nothing but a group of BuildKit', () => {
    expect(limitWrites('4:memory:/docker/0123\n2:cpu:/\n0::/user.slice\n', limits)).toEqual([])
  })
})

describe('buildpacks', () => {
  it('are asked for with the builder, buildpacks and names of arguments', () => {
    const args = packArgs({
      ...{ socket: '/run/docker.sock', tag: 't', context: '/c', builder: builderImage('HEROKU_24') },
      ...{ locators: ['heroku/nodejs'], useCache: false, argumentNames: ['A'] },
    })
    expect(args.slice(0, 7)).toEqual([
      'build',
      't',
      '--path',
      '/c',
      '--builder',
      'heroku/builder:24',
      '--trust-builder',
    ])
    expect(args.slice(-5)).toEqual(['--clear-cache', '--buildpack', 'heroku/nodejs', '--env', 'A'])
    expect(builderImage('paketobuildpacks/builder:base')).toBe('paketobuildpacks/builder:base')
  })

  it('name their processes in a label', () => {
    const metadata = {
      processes: [
        { type: 'web', command: ['node'], args: ['a.js'] },
        { type: 'job', command: 'x' },
      ],
    }
    const labels = { 'io.buildpacks.build.metadata': JSON.stringify(metadata) }
    expect(packProcesses(labels)).toEqual({ web: 'node a.js', job: 'x' })
    expect(packProcesses({})).toEqual({})
  })
})
