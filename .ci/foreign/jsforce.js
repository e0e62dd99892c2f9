// What jsforce reads from an org: signs in with PKCE as a person with a browser would, runs the statements of a JSON file
// and writes what it got. Usage: jsforce.js BASE CLIENT_ID STATEMENTS OUT
const fs = require('fs');
const jsforce = require('jsforce');

async function main([base, clientId, statements, out]) {
  const oauth2 = new jsforce.OAuth2({ loginUrl: base, clientId, redirectUri: 'http://localhost:1717/callback', useVerifier: true });
  const page = await fetch(oauth2.getAuthorizationUrl({ scope: 'api refresh_token', state: 'a-state-of-the-test' }), { redirect: 'manual' });
  const back = new URL(page.headers.get('location'));
  if (back.searchParams.get('state') !== 'a-state-of-the-test') throw new Error('the state did not come back');
  const conn = new jsforce.Connection({ oauth2, version: '66.0' });
  const user = await conn.authorize(back.searchParams.get('code'));
  if (!user.id || !conn.refreshToken) throw new Error('no user or no refresh token');

  const got = {};
  for (const s of JSON.parse(fs.readFileSync(statements))) {
    if (s.bulk) {
      const query = await conn.bulk2.query(s.soql, { pollInterval: 200, pollTimeout: 60000 });
      got[s.object] = await query.toArray();
    } else {
      got[s.object] = await conn.query(s.soql, { autoFetch: true, maxFetch: 100000 }).then((r) => r.records);
    }
  }
  const identity = await conn.identity();
  fs.writeFileSync(out, JSON.stringify({ user: identity.username, got }));
}

main(process.argv.slice(2)).catch((e) => { console.error(e); process.exit(1); });
