import { Controller, Get, Inject } from '@nestjs/common';
import { WELL_KNOWN } from '#identity/protected-resource.js';
import type { ResourceServer } from '#identity/resource-server.js';
import { RESOURCE_SERVER, WithoutToken } from './rest-caller.js';

/** Tells clients of the REST edges of this service where to get a token, and for what (RFC 9728). Public. */
@Controller()
@WithoutToken()
export class MetadataHttp {
  constructor(@Inject(RESOURCE_SERVER) private readonly resourceServer: ResourceServer) {}

  @Get(WELL_KNOWN)
  metadata() {
    return this.resourceServer.metadata(this.resourceServer.rest());
  }
}
