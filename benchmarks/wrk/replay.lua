-- Sends the requests of the file $REQUESTS one after another, over and over, and reports as one line of JSON.
-- They were rendered beforehand, so that the load generator has nothing to do but send. Each record of the file is
-- its length in bytes, a line feed, and the request as it goes over the wire.

local requests = {}
local position = 0

function init(_)
   local file = assert(io.open(os.getenv("REQUESTS"), "rb"))
   local length = file:read("*l")
   while length do
      requests[#requests + 1] = file:read(tonumber(length))
      length = file:read("*l")
   end
   file:close()
end

function request()
   position = position % #requests + 1
   return requests[position]
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
