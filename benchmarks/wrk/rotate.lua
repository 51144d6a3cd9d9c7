-- Refreshes tokens of the file $TOKENS, one a line. Each answer's cookie takes the place of the token that was shown, at
-- the end of the row, so every token is shown once and each session is refreshed again and again.

local tokens = {}
local first, last = 1, 0
local host = ""

function init(_)
   for line in io.lines(os.getenv("TOKENS")) do
      last = last + 1
      tokens[last] = line
   end
   host = wrk.host .. ":" .. wrk.port
end

function request()
   local token = tokens[first]
   tokens[first] = nil
   first = first + 1
   return "POST /api/v1/auth/refresh HTTP/1.1\r\nHost: " .. host
      .. "\r\nCookie: biore_refresh=" .. token .. "\r\nContent-Length: 0\r\n\r\n"
end

function response(status, headers, _)
   if status == 200 then
      last = last + 1
      tokens[last] = string.match(headers["set-cookie"] or headers["Set-Cookie"], "biore_refresh=([^;]+)")
   end
end

function done(summary, latency, _)
   local errors = summary.errors
   io.write(string.format(
      '\n{"requests": %d, "microseconds": %d, "p50": %d, "p90": %d, "p99": %d, "max": %d, '
         .. '"refused": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
      summary.requests, summary.duration,
      latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max,
      errors.status, errors.connect, errors.read, errors.write, errors.timeout
   ))
end
