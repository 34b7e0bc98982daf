import { execa } from 'execa';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withToken } from '../../src/store/git-command.ts';
import { openGitStore } from '../../src/store/git-store.ts';
import type { RecordStore } from '../../src/store/record-store.ts';

let folder: string;
let count = 0;
const wait = (durationMs: number): Promise<void> => sleep(durationMs);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'git-store-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function bareRepository(): Promise<string> {
  const path = join(folder, `remote-${count++}.git`);
  await execa('git', ['init', '--quiet', '--bare', path]);
  return path;
}

function store(remoteUrl: string, branch = 'data'): RecordStore {
  return openGitStore({ branch, remoteUrl, env: process.env, sleep: wait, random: Math.random });
}

async function filesOf(remote: string, branch = 'data'): Promise<string[]> {
  const { stdout } = await execa('git', ['--git-dir', remote, 'ls-tree', '-r', '--name-only', branch]);
  return stdout.split('\n').filter((line) => line !== '');
}

describe('a branch as a store', () => {
  it('two clones that push 100 records each at once lose none of the 200', async () => {
    const remote = await bareRepository();
    // What real runs do: one process each, records one after another, some of them together.
    const writer = async (name: string): Promise<void> => {
      const mine = store(remote);
      for (let wave = 0; wave < 10; wave++) {
        await Promise.all(
          Array.from({ length: 10 }, (_, i) =>
            mine.add([{ path: `runs/${name}/${wave}-${i}.json`, text: `{"wave":${wave},"i":${i}}\n` }]),
          ),
        );
      }
    };
    await Promise.all([writer('one'), writer('two')]);
    const files = await filesOf(remote);
    expect(files).toHaveLength(200);
    expect(new Set(files).size).toBe(200);
    const { stdout } = await execa('git', ['--git-dir', remote, 'show', 'data:runs/two/7-3.json']);
    expect(stdout).toBe('{"wave":7,"i":3}');
    // Nothing was forced: every record is the addition of one commit of one line of history.
    const log = await execa('git', ['--git-dir', remote, 'log', '--diff-filter=MD', '--format=%h', 'data']);
    expect(log.stdout).toBe('');
    expect((await execa('git', ['--git-dir', remote, 'fsck', '--strict'])).exitCode).toBe(0);
  });

  it('is empty before the first record, and lists and reads what was added', async () => {
    const remote = await bareRepository();
    expect(await store(remote).list()).toEqual([]);
    await store(remote).add([{ path: 'runs/a/b.json', text: 'é\n' }]);
    expect(await store(remote).list()).toEqual(['runs/a/b.json']);
    expect(await store(remote).read('runs/a/b.json')).toBe('é\n');
  });

  it('never rewrites a record, and takes the same one twice', async () => {
    const remote = await bareRepository();
    await store(remote).add([{ path: 'runs/a.json', text: 'one' }]);
    await store(remote).add([{ path: 'runs/a.json', text: 'one' }]);
    const both = [
      { path: 'runs/b.json', text: 'new' },
      { path: 'runs/a.json', text: 'two' },
    ];
    await expect(store(remote).add(both)).rejects.toMatchObject({ code: 'recordExists' });
    expect(await filesOf(remote)).toEqual(['runs/a.json']);
  });

  it('a record that is not there is unreadable, and a remote that is not there is unreachable, not empty', async () => {
    const remote = await bareRepository();
    await store(remote).add([{ path: 'runs/a.json', text: 'one' }]);
    await expect(store(remote).read('runs/b.json')).rejects.toMatchObject({ code: 'baselineUnreadable' });
    const nowhere = store(join(folder, 'nowhere.git'));
    await expect(nowhere.list()).rejects.toMatchObject({ code: 'storeUnreachable' });
    await expect(nowhere.add([{ path: 'a.json', text: '' }])).rejects.toMatchObject({
      code: 'storeUnreachable',
    });
  });

  it('keeps the files of the branch that are not its own', async () => {
    const remote = await bareRepository();
    const clone = join(folder, 'clone');
    await execa('git', ['clone', '--quiet', remote, clone]);
    await writeFile(join(clone, 'README.md'), 'hello');
    const git = (...args: string[]) => execa('git', args, { cwd: clone });
    await git('checkout', '--quiet', '-b', 'data');
    await git('add', '.');
    await git('-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--quiet', '-m', 'first');
    await git('push', '--quiet', 'origin', 'data');
    await store(remote).add([{ path: 'runs/a.json', text: 'one' }]);
    expect(await filesOf(remote)).toEqual(['README.md', 'runs/a.json']);
    // The user's checkout is as it was.
    expect((await git('status', '--porcelain')).stdout).toBe('');
    expect((await git('branch', '--format=%(refname:short)')).stdout).toBe('data');
  });

  it('leaves no folder behind', async () => {
    const stores = async (): Promise<string[]> =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('inheritune-store-'));
    const before = await stores();
    await store(await bareRepository()).list();
    expect((await stores()).filter((name) => !before.includes(name))).toEqual([]);
  });

  it('a server that refuses is named, once, without retrying', async () => {
    const remote = await bareRepository();
    await writeFile(
      join(remote, 'hooks', 'pre-receive'),
      '#!/bin/sh\necho "branch is protected" >&2\nexit 1\n',
      {
        mode: 0o755,
      },
    );
    await expect(store(remote).add([{ path: 'a.json', text: '' }])).rejects.toThrow(
      /could not be written.*declined/,
    );
  });

  it.each(['', '-x', 'a..b', 'a b', '--upload-pack=x'])('refuses %j as a branch', async (branch) => {
    await expect(store(await bareRepository(), branch).list()).rejects.toMatchObject({ code: 'storeBranch' });
  });

  it.each(['../a.json', '/a.json', 'a//b', '.git/config', 'a b', 'a\nb', '-a'])(
    'refuses %j as a path',
    (path) => {
      expect(() => store('unused').add([{ path, text: '' }])).toThrow(/cannot be the path/);
    },
  );
});

describe('the token', () => {
  it('is a header for one server only, behind configuration that is there already', () => {
    const env = withToken(
      { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'a.b' },
      'https://git.example/o/r.git',
      'secret',
    );
    expect(env).toMatchObject({
      GIT_CONFIG_COUNT: '3',
      GIT_CONFIG_KEY_0: 'a.b',
      GIT_CONFIG_KEY_2: 'http.https://git.example/.extraheader',
      GIT_CONFIG_VALUE_2: `AUTHORIZATION: basic ${Buffer.from('x-access-token:secret').toString('base64')}`,
    });
    expect(withToken({}, '/srv/repo.git', 'secret')).toEqual({});
  });

  it('in an address is refused, without showing it', async () => {
    const { list } = openGitStore({
      ...{ branch: 'data', remoteUrl: 'https://x:secret@git.example/r.git', env: process.env },
      ...{ sleep: wait, random: Math.random },
    });
    await expect(list()).rejects.toThrow(/^(?!.*secret).*password in its address/);
  });
});

describe('a server over HTTP', () => {
  it('gets the token as a header; it is in no argument and no file', async () => {
    const remote = await bareRepository();
    // As GitHub: partial clones are served, and single objects on request.
    for (const setting of ['http.receivepack', 'uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant']) {
      await execa('git', ['--git-dir', remote, 'config', setting, 'true']);
    }
    const { startGitServer } = await import('./git-http-server.ts');
    const server = await startGitServer({ repository: remote, token: 'secret-token' });
    // A git in front of the real one that writes down how it was called, and what was on disk then.
    const real = (await execa('sh', ['-c', 'command -v git'])).stdout.trim();
    const wrapper = join(folder, 'bin');
    const log = join(folder, 'calls.log');
    await execa('mkdir', ['-p', wrapper]);
    await writeFile(
      join(wrapper, 'git'),
      `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\ncat ./config 2>/dev/null >> '${log}'\nexec '${real}' "$@"\n`,
      { mode: 0o755 },
    );
    const open = (token: string): RecordStore =>
      openGitStore({
        ...{ branch: 'data', remoteUrl: server.url, token, sleep: wait, random: Math.random },
        env: { ...process.env, PATH: `${wrapper}:${process.env['PATH'] ?? ''}`, no_proxy: '127.0.0.1' },
      });
    try {
      await open('secret-token').add([{ path: 'runs/a.json', text: 'one' }]);
      expect(await open('secret-token').read('runs/a.json')).toBe('one');
      await expect(open('wrong').list()).rejects.toMatchObject({ code: 'storeUnreachable' });
      const calls = await readFile(log, 'utf8');
      expect(calls).toContain('push --quiet store');
      expect(calls).not.toMatch(/secret-token|c2VjcmV0LXRva2Vu/);
      expect(calls).not.toContain(Buffer.from('x-access-token:secret-token').toString('base64'));
    } finally {
      await server.close();
    }
  });
});
