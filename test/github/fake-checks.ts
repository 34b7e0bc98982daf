import type { FakeCheck, FakeRepository } from './fake-github-state.ts';
import type { Call, Reply } from './fake-reply.ts';

/** GitHub's own limit on title and summary of a check run. */
const MAX_SUMMARY_CHARACTERS = 65_535;
const CONCLUSIONS = ['success', 'failure', 'neutral', 'cancelled', 'skipped', 'timed_out', 'action_required'];

/** The checks endpoints below `/repos/OWNER/NAME/`; undefined for other paths. */
export function routeChecks(repository: FakeRepository, rest: string, call: Call): Reply | undefined {
  if (rest === 'check-runs' && call.method === 'POST') return create(repository, call);
  const single = /^check-runs\/(\d+)$/.exec(rest);
  if (single) return one(repository, Number(single[1]), call);
  const list = /^commits\/([0-9a-f]{40})\/check-runs$/.exec(rest);
  if (list) {
    const name = call.url.searchParams.get('check_name');
    const found = repository.checks.filter(
      (check) => check.headSha === list[1] && (name === null || check.name === name),
    );
    return {
      status: 200,
      body: { total_count: found.length, check_runs: found.map((check) => show(repository, check)) },
    };
  }
  return undefined;
}

function create(repository: FakeRepository, { body, login }: Call): Reply {
  if (typeof body['name'] !== 'string' || !/^[0-9a-f]{40}$/.test(String(body['head_sha'])))
    return invalid('name and head_sha are needed');
  const refusal = problem(body);
  if (refusal) return refusal;
  const check = repository.addCheck({
    login,
    name: body['name'],
    headSha: String(body['head_sha']),
    externalId: String(body['external_id'] ?? ''),
  });
  apply(check, body);
  return { status: 201, body: show(repository, check) };
}

function one(repository: FakeRepository, id: number, { method, body, login }: Call): Reply {
  const check = repository.checks.find((candidate) => candidate.id === id);
  if (!check) return { status: 404, body: { message: 'Not Found' } };
  if (method === 'GET') return { status: 200, body: show(repository, check) };
  if (check.login !== login)
    return {
      status: 403,
      body: {
        message: 'Invalid app_id `1` - check run can only be modified by the GitHub App that created it.',
      },
    };
  const refusal = problem(body);
  if (refusal) return refusal;
  apply(check, body);
  check.updates += 1;
  return { status: 200, body: show(repository, check) };
}

function apply(check: FakeCheck, body: Readonly<Record<string, unknown>>): void {
  const output = body['output'] as { title?: string; summary?: string } | undefined;
  check.title = output?.title ?? check.title;
  check.summary = output?.summary ?? check.summary;
  check.status = typeof body['status'] === 'string' ? body['status'] : check.status;
  if (typeof body['conclusion'] === 'string') {
    check.status = 'completed';
    check.conclusion = body['conclusion'];
  }
}

function problem(body: Readonly<Record<string, unknown>>): Reply | undefined {
  const output = body['output'] as { title?: unknown; summary?: unknown } | undefined;
  if (output !== undefined && (typeof output.title !== 'string' || typeof output.summary !== 'string'))
    return invalid('output needs title and summary');
  if (String(output?.summary ?? '').length > MAX_SUMMARY_CHARACTERS) return invalid('summary is too long');
  if (body['status'] === 'completed' && body['conclusion'] === undefined)
    return invalid('conclusion is needed');
  if (body['conclusion'] !== undefined && !CONCLUSIONS.includes(String(body['conclusion'])))
    return invalid('unknown conclusion');
  return undefined;
}

function invalid(message: string): Reply {
  return { status: 422, body: { message: 'Invalid request.', errors: [message] } };
}

function show(repository: FakeRepository, check: FakeCheck): object {
  const { id, name, headSha, externalId, status, conclusion, title, summary } = check;
  return {
    ...{ id, name, head_sha: headSha, external_id: externalId, status, conclusion: conclusion ?? null },
    output: { title, summary },
    html_url: `https://github.com/${repository.name}/runs/${String(id)}`,
  };
}
