import { parseDocument } from 'yaml';

/** The part of the Compose specification that docker-compose.yml uses, anchors and merges resolved. */
export interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file?: string; readonly environment?: string }>>;
  readonly configs: Readonly<Record<string, { readonly file?: string; readonly content?: string }>>;
}

export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string; readonly args: Readonly<Record<string, string>> };
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly privileged?: boolean;
  readonly network_mode?: string;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly restart?: string;
}

/** @throws Error for anything YAML itself refuses */
export const parseCompose = (text: string): Compose => {
  const document = parseDocument(text, { merge: true, uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined) throw problem;
  return document.toJS() as Compose;
};
