/** A tenant by shape: see model/tenant-mark. */
import { memo } from 'react'
import { MARK_SIZE, tenantMark } from '../model/tenant-mark.ts'

export const TenantMark = memo(function TenantMark({
  tenant,
  size = 15,
}: {
  readonly tenant: string
  readonly size?: number
}) {
  const cells = tenantMark(tenant)
    .map((on, at) => (on ? `M${at % MARK_SIZE} ${Math.floor(at / MARK_SIZE)}h1v1h-1z` : ''))
    .join('')
  return (
    <svg
      className="tenant-mark"
      width={size}
      height={size}
      viewBox={`0 0 ${MARK_SIZE} ${MARK_SIZE}`}
      aria-hidden="true"
      focusable="false"
    >
      <path d={cells} fill="currentColor" shapeRendering="crispEdges" />
    </svg>
  )
})
