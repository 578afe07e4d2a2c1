import { Module } from '@nestjs/common';
import { UpstreamAuthHttp } from './upstream-auth.http.js';
import { UpstreamAuths } from './upstream-auths.js';

@Module({
  controllers: [UpstreamAuthHttp],
  providers: [UpstreamAuths],
  exports: [UpstreamAuths],
})
export class UpstreamAuthModule {}
