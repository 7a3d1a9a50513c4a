import { AppShell, Container } from '@mantine/core'
import { lazy, Suspense } from 'react'
import { Navigate, Route, Routes } from 'react-router'
import { ServerBanner } from './components/server-banner.tsx'
import { PageSkeleton } from './components/page-skeleton.tsx'
import { TaskGate } from './components/task-gate.tsx'
import { useForgottenOwnModels } from './data/own-data.ts'
import { AppHeader } from './components/app-header.tsx'
import { NotFoundPage } from './pages/not-found.tsx'

const ContributePage = lazy(() => import('./pages/contribute/contribute-page.tsx'))
const TryPage = lazy(() => import('./pages/try/try-page.tsx'))
const ReportPage = lazy(() => import('./pages/admin/report/report-page.tsx'))
const AdminPage = lazy(() => import('./pages/admin/admin-page.tsx'))

const headerHeight = { base: 104, sm: 60 }

/** The frame of every page, and which page an address means. */
export function App() {
  useForgottenOwnModels()
  return (
    <AppShell header={{ height: headerHeight }} padding="md">
      <AppShell.Header>
        <AppHeader />
      </AppShell.Header>
      <AppShell.Main>
        <Container size="lg" p={0}>
          <ServerBanner />
          <Suspense fallback={<PageSkeleton />}>
            <Routes>
              <Route path="/" element={<Navigate to="/contribute" replace />} />
              <Route path="/contribute/:taskId?" element={<TaskGate Page={ContributePage} />} />
              <Route path="/try/:taskId?" element={<TaskGate Page={TryPage} />} />
              <Route path="/admin/:taskId?" element={<AdminPage />} />
              <Route path="/admin/:taskId/versions/:version" element={<ReportPage />} />
              <Route path="*" element={<NotFoundPage />} />
            </Routes>
          </Suspense>
        </Container>
      </AppShell.Main>
    </AppShell>
  )
}
