import type { IncomingHttpHeaders } from 'node:http';

export interface FakeComment {
  readonly id: number;
  readonly pullRequest: number;
  readonly login: string;
  body: string;
  updates: number;
}

export interface FakeCheck {
  readonly id: number;
  readonly login: string;
  readonly name: string;
  readonly headSha: string;
  readonly externalId: string;
  status: string;
  conclusion: string | undefined;
  title: string;
  summary: string;
  updates: number;
}

/** One answer of a reviewer to a run that waited for an environment. */
export interface FakeReview {
  readonly runId: number;
  readonly environment: string;
  readonly state: 'approved' | 'rejected';
  readonly login: string;
}

/** What the fake is asked to do wrong; each is used up after `times` matching requests (default: never). */
export interface Fault {
  readonly kind:
    /** 403 "Resource not accessible by integration", as a fork's token gets on every write. */
    | 'readOnlyToken'
    /** 403 with `retry-after`. */
    | 'secondaryLimit'
    /** 403 with `x-ratelimit-remaining: 0` and a reset in `seconds`. */
    | 'hourlyLimit'
    /** 401 "Bad credentials". */
    | 'unauthorized'
    /** 422 "Body is too long", whatever its length. */
    | 'tooLong'
    /** 502, nothing done. */
    | 'badGateway'
    /** 502 although the request took effect: what makes blind retries create duplicates. */
    | 'badGatewayAfterEffect'
    /** 409, as for a write that another one has overtaken. */
    | 'conflict'
    /** 404. */
    | 'notFound'
    /** Answers after `seconds`. */
    | 'slow'
    /** The connection breaks without an answer. */
    | 'hangUp';
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path?: RegExp;
  readonly seconds?: number;
  times?: number;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly atMs: number;
}

/** The state behind one fake server; tests read and change it between requests. */
export class FakeRepository {
  readonly name: string;
  /** Bearer token -> login it acts as. */
  readonly tokens = new Map<string, string>();
  /** Pull request number -> its current head commit. */
  readonly heads = new Map<number, string>();
  /** Pull request number -> repository and branch it comes from, where that is not this repository. */
  readonly origins = new Map<number, { readonly name: string; readonly branch: string }>();
  /** Text by `BRANCH:PATH`. */
  readonly files = new Map<string, string>();
  /** Pull requests that the list by branch does not have, as GitHub's lists lag behind. */
  readonly hiddenFromLists = new Set<number>();
  readonly faults: Fault[] = [];
  readonly requests: RecordedRequest[] = [];
  comments: FakeComment[] = [];
  checks: FakeCheck[] = [];
  readonly reviews: FakeReview[] = [];
  #nextId = 1000;

  constructor(name: string) {
    this.name = name;
  }

  addCheck(check: Pick<FakeCheck, 'login' | 'name' | 'headSha' | 'externalId'>): FakeCheck {
    this.#nextId += 1;
    const state = { status: 'queued', conclusion: undefined, title: '', summary: '', updates: 0 };
    const added = { ...check, ...state, id: this.#nextId };
    this.checks.push(added);
    return added;
  }

  addComment(pullRequest: number, login: string, body: string): FakeComment {
    this.#nextId += 1;
    const comment = { id: this.#nextId, pullRequest, login, body, updates: 0 };
    this.comments.push(comment);
    return comment;
  }

  commentsOn(pullRequest: number): FakeComment[] {
    return this.comments.filter((comment) => comment.pullRequest === pullRequest);
  }

  writes(): RecordedRequest[] {
    return this.requests.filter(({ method, path }) => method !== 'GET' && path !== '/graphql');
  }

  /** The first fault that matches, counted down. */
  takeFault(method: string, path: string): Fault | undefined {
    const fault = this.faults.find(
      (candidate) =>
        candidate.times !== 0 &&
        (candidate.method === undefined ? isApplicable(candidate, method) : candidate.method === method) &&
        (candidate.path === undefined || candidate.path.test(path)),
    );
    if (fault?.times !== undefined) fault.times -= 1;
    return fault;
  }
}

/** A read-only token reads. */
function isApplicable(fault: Fault, method: string): boolean {
  return fault.kind !== 'readOnlyToken' || method !== 'GET';
}
